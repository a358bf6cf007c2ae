package explain

import (
	"encoding/base64"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// Names of the files that commands read. Who runs one puts the path of the own
// key in their place.
const (
	CloudKeyFile         = "server.pem"        // private key of the cloud
	CloudPublicKeyFile   = "server.pub.pem"    // its public half
	DeviceKeyFile        = "device.pem"        // private key of the device
	ImpersonationKeyFile = "impersonation.pem" // private key that photonscope has in the device's place
)

// DeviceKeyToPEM makes DeviceKeyFile of device.der, which particle keys save writes.
const DeviceKeyToPEM = "openssl rsa -inform DER -in device.der -out " + DeviceKeyFile

// Stand-ins for what is secret.
const (
	keyWord         = "KEY"
	ivWord          = "IV"
	credentialsWord = "CREDENTIALS"
)

// Command is a line for a POSIX shell that reproduces something with openssl.
type Command struct {
	Does string // what it prints
	Line string
}

const (
	asHex    = " | od -An -v -tx1"
	asDigits = asHex + " | tr -d ' \\n'; echo"
	noPad    = " -pkeyopt rsa_padding_mode:none"
	decode64 = " | openssl base64 -d -A"
)

// Commands returns the commands that reproduce what an event's bytes hold. c are
// the session's credentials, nil if they are not known. Unless showSecrets, words
// in capitals stand for them.
func Commands(e *decode.Event, c *lightssl.Credentials, showSecrets bool) []Command {
	if len(e.Raw) == 0 {
		return nil
	}
	switch b := e.Body.(type) {
	case *decode.Identity:
		return identityCommands(e.Raw)
	case *decode.Credentials:
		return credentialsCommands(e.Raw, b, showSecrets)
	case *decode.Message:
		if c != nil {
			return frameCommands(e.Raw, b.Padded, c, showSecrets)
		}
	}
	return nil
}

// feed begins a command with bytes on its standard input.
func feed(b []byte) string {
	return "echo " + base64.StdEncoding.EncodeToString(b) + decode64 + " | openssl "
}

func identityCommands(raw []byte) []Command {
	open := feed(raw) + "pkeyutl -decrypt -inkey " + CloudKeyFile
	return []Command{
		{"the identity: nonce, device ID, public key", open + asHex},
		{"the whole block, with the padding in front: 00 02, random bytes, 00", open + noPad + asHex},
	}
}

func credentialsCommands(raw []byte, b *decode.Credentials, showSecrets bool) []Command {
	if len(raw) != lightssl.CredentialsRecordLen {
		return nil
	}
	keyFile := DeviceKeyFile
	if b.Source == "impersonation key" {
		keyFile = ImpersonationKeyFile
	}
	sealed, signature := raw[:lightssl.SealedCredentialsLen], raw[lightssl.SealedCredentialsLen:]
	list := []Command{
		{"the credentials: AES key, IV, salt", feed(sealed) + "pkeyutl -decrypt -inkey " + keyFile + asDigits},
		{"what the cloud signed: 20 bytes", feed(signature) + "pkeyutl -verifyrecover -pubin -inkey " + CloudPublicKeyFile + asHex},
	}
	if b.Opened && b.Credentials.HasSalt() {
		key := secretHex(b.Credentials[:], credentialsWord, showSecrets)
		list = append(list, Command{"what it should have signed: the same 20 bytes", feed(sealed) + "dgst -sha1 -mac HMAC -macopt hexkey:" + key})
	}
	return list
}

func frameCommands(raw, padded []byte, c *lightssl.Credentials, showSecrets bool) []Command {
	iv, ok := FrameIV(raw, padded, c)
	if !ok {
		return nil
	}
	key := secretHex(c.Key(), keyWord, showSecrets)
	// After the first frame of a direction the IV is ciphertext that went before.
	ivText := hexOf(iv)
	if string(iv) == string(c.IV()) {
		ivText = secretHex(iv, ivWord, showSecrets)
	}
	return []Command{{"the message and its padding",
		feed(raw[lightssl.FrameHeaderLen:]) + "enc -d -aes-128-cbc -nopad -K " + key + " -iv " + ivText + asHex}}
}

func secretHex(b []byte, stands string, showSecrets bool) string {
	if showSecrets {
		return hexOf(b)
	}
	return stands
}

// needs says what must be put into the commands before they run.
func needs(list []Command) string {
	var words []string
	for _, w := range []struct{ word, is string }{
		{CloudKeyFile, CloudKeyFile + ": the cloud's private key"},
		{CloudPublicKeyFile, CloudPublicKeyFile + ": the cloud's public key"},
		{DeviceKeyFile, DeviceKeyFile + ": the device's private key (particle keys save device.der; " + DeviceKeyToPEM + ")"},
		{ImpersonationKeyFile, ImpersonationKeyFile + ": the key that photonscope has in the device's place, ID.impersonation.pem"},
		{" " + keyWord + " ", keyWord + ": the session's AES key"},
		{" " + ivWord + " ", ivWord + ": its IV"},
		{":" + credentialsWord, credentialsWord + ": the 80 digits that the first command prints"},
	} {
		for _, c := range list {
			if strings.Contains(c.Line+" ", w.word) {
				words = append(words, w.is)
				break
			}
		}
	}
	return strings.Join(words, "; ")
}
