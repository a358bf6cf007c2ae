package decode

import (
	"maps"
	"slices"

	"github.com/photonscope/photonscope/decode/field"
	"github.com/photonscope/photonscope/decode/particle"
)

// eventFields says which fields the NDJSON line of a type of event has, besides
// type, time, photon.session and photon.leg.
type eventFields struct {
	always    []*field.Def
	sometimes []*field.Def
}

// aboutBytes are the fields of every event that somebody's bytes caused, beside
// photon.dir.
var aboutBytes = []*field.Def{&defMark, &defComment, &defAltered, &defDeviceID, &defFrameWire}

// optionList has the options that a registry names, in order of their numbers.
func optionList() (list []*field.Def) {
	for _, number := range slices.Sorted(maps.Keys(optionDefs)) {
		list = append(list, optionDefs[number])
	}
	return list
}

// eventTable has a row for each of EventTypes.
var eventTable = map[string]eventFields{
	"opened": {nil, []*field.Def{&defMark, &defComment, &defDeviceEnd, &defCloudEnd}},
	"nonce":  {[]*field.Def{&defNonce, &defDir, &defFrameWire}, aboutBytes},
	"identity": {
		[]*field.Def{&defDir, &defOpened, &defFrameWire},
		slices.Concat(aboutBytes, []*field.Def{&defNonce, &defReason, &defPlain, &defIDNonceOK, &defIDKey}),
	},
	"credentials": {
		[]*field.Def{&defDir, &defOpened},
		slices.Concat(aboutBytes, []*field.Def{&defReason, &defSource, &defSigOK, &defKey, &defIV, &defSalt}),
	},
	"message": {
		[]*field.Def{&defDir, &defFrameWire, &defPlain, &defMsg, &defCoapType, &defCoapCode, &defCoapMID},
		slices.Concat(aboutBytes, []*field.Def{&defRTT}, coapDefs, optionList(), particle.Defs()),
	},
	"sealed":    {[]*field.Def{&defDir, &defFrameWire, &defReason}, aboutBytes},
	"malformed": {[]*field.Def{&defDir, &defReason, &defLayer, &defOffset}, slices.Concat(aboutBytes, []*field.Def{&defPlain})},
	"gap":       {[]*field.Def{&defDir}, slices.Concat(aboutBytes, []*field.Def{&defGap})},
	"closed":    {[]*field.Def{&defDir, &defClose}, aboutBytes},
	"finding": {
		[]*field.Def{&defFinding, &defTitle},
		slices.Concat([]*field.Def{&defLeg, &defDir}, aboutBytes, []*field.Def{&defSure, &defEvidence, &defRuledOut, &defShows, &defRemedy, &defRepair, &defWithdrawn}),
	},
}

// EventFields returns the fields that the NDJSON line of a type of event can
// have: those that it always has, and the further ones. Fields that only the tree
// shows are in neither, nor are options that no registry names.
func EventFields(eventType string) (always, sometimes []*field.Def) {
	row, ok := eventTable[eventType]
	if !ok {
		return nil, nil
	}
	always = []*field.Def{&defType, &defTime, &defSession}
	if !slices.Contains(row.sometimes, &defLeg) { // a finding about key files has no leg
		always = append(always, &defLeg)
	}
	always = append(always, row.always...)
	for _, d := range row.sometimes {
		if d.Key != "" && !slices.Contains(always, d) && !slices.Contains(sometimes, d) {
			sometimes = append(sometimes, d)
		}
	}
	return always, sometimes
}
