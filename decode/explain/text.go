package explain

import (
	"strings"

	"github.com/photonscope/photonscope/decode/field"
)

// Text is what a learner is told of a field, beside the sentence that its Def
// has on what it is.
type Text struct {
	Why    string // why there is such a field
	How    string // how its value is written, computed or chosen
	Source string // where that is read: sections, RFCs and files, separated by "; "
}

// Of returns the text of a field. Fields without a name are found by their label.
// The zero Text says that there is none.
func Of(d *field.Def) Text {
	if d.Key == "" {
		return unnamed[d.Label]
	}
	for _, table := range tables {
		if t, ok := table[d.Key]; ok {
			return t
		}
	}
	if strings.HasPrefix(d.Key, unknownOption) {
		return unknown
	}
	return Text{}
}

// tables are all texts by the names of their fields.
var tables = []map[string]Text{envelopeTexts, frameTexts, coapTexts, optionTexts, handshakeTexts, sessionTexts, callTexts, describeTexts, updateTexts}

// Files and documents that many texts cite.
const (
	here = "docs/protocol.md §"

	fw        = "particle-iot/device-os@v2.3.1:"
	fwSrc     = fw + "communication/src/"
	fwChannel = fwSrc + "lightssl_message_channel.cpp"
	fwShake   = fwSrc + "handshake.cpp"
	fwMsgs    = fwSrc + "messages.cpp"
	fwProto   = fwSrc + "protocol.cpp"
	fwUpdate  = fwSrc + "chunked_transfer.cpp"
	fwInfo    = fw + "system/src/system_info.cpp"
	fwReasons = fw + "services/inc/system_defs.h"
	fwVars    = fwSrc + "variables.cpp"
	fwFuncs   = fwSrc + "functions.h"
	fwPublish = fwSrc + "publisher.h"
	fwSubs    = fwSrc + "subscriptions.h"

	fw3Msgs  = "particle-iot/device-os@v3.3.1:communication/src/messages.cpp"
	fw3OTA   = "particle-iot/device-os@v3.3.1:communication/src/firmware_update.cpp"
	fw3Desc  = "particle-iot/device-os@v3.3.1:communication/src/description.cpp"
	spark    = "particle-iot/spark-protocol@2c745e7:js/"
	brewskey = "Brewskey/spark-protocol@f664ab3:src/"
)
