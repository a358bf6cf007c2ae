package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/photonscope/photonscope/decode/lightssl"
)

func newInspectCommand(k *keysCommand) *cobra.Command {
	return &cobra.Command{
		Use:   "inspect {FILE | FOLDER}...",
		Short: "Say what key files hold, one line each",
		Example: `  photonscope keys inspect device.der
  photonscope keys inspect ~/spark-server/core_keys`,
		Args: takes(1, manyArgs, "key files, or folders of them"),
		RunE: func(_ *cobra.Command, args []string) error { return k.inspect(args) },
	}
}

// inspect prints one line for every file. A file named itself that is no key
// makes the exit code 2; in a folder it is only listed.
func (k *keysCommand) inspect(args []string) error {
	var failed []error
	for _, arg := range args {
		role, path := splitRole(arg, k.getenv("HOME"))
		names, left := []string{path}, 0
		folder := isFolder(path)
		if folder {
			var err error
			if names, left, err = keyFileNames(path); err != nil {
				failed = append(failed, keyPathError(path, plainReason(err)))
				continue
			}
		}
		for _, name := range names {
			if err := k.inspectFile(name, role); err != nil && folder {
				k.print("%s: no key: %s", name, reasonOf(err))
			} else if err != nil {
				failed = append(failed, keyPathError(name, err))
			}
		}
		if left > 0 {
			k.print("%s", leftOut(path, left))
		}
	}
	if len(failed) == 0 {
		return nil
	}
	for _, err := range failed[:len(failed)-1] {
		k.say("photonscope: %v", err)
		k.say("hint: %s", hintOf(err))
	}
	return failed[len(failed)-1]
}

// reasonOf is why a file is no key, in few words.
func reasonOf(err error) string {
	var bad *lightssl.KeyError
	if errors.As(err, &bad) {
		return bad.What
	}
	return err.Error()
}

func (k *keysCommand) inspectFile(path string, role lightssl.Role) error {
	b, mode, err := readBounded(path, maxKeyLog)
	if err != nil {
		return err
	}
	if isKeyLog(path, b) {
		scanner := lightssl.NewKeyLogScanner(new(lightssl.Keyring))
		bad := len(scanner.Feed(b)) + len(scanner.Flush())
		k.print("%s: key log, %s, %s unreadable", path, count(scanner.Added(), "session"), count(bad, "line"))
		return nil
	}
	if isDCT(b) {
		k.inspectDCT(path, b)
		return nil
	}
	if isCoreFlash(b) {
		k.inspectCoreFlash(path, b)
		return nil
	}
	address := areaAddress(b)
	f, err := parseKeyFile(path, b, role)
	if err != nil && address != "" && len(b) == 320 {
		k.print("%s: server key area of a UDP device, address %s: a Photon reads none of it", path, address)
		return nil
	}
	if err != nil {
		return err
	}
	f.mode = mode
	words := f.describe()
	if do := f.protection(); do != "" {
		words[len(words)-1] += ": " + do
	}
	if address != "" && f.key.Private == nil {
		words = append(words, "address "+address)
	}
	k.print("%s: %s", path, strings.Join(words, ", "))
	return nil
}

// describe says what a key is: role, half, size, container, fingerprint, device,
// and whether it is of use.
func (f *keyFile) describe() []string {
	half := "public"
	if f.key.Private != nil {
		half = "private"
	}
	words := []string{f.purpose() + " " + half + " key", fmt.Sprintf("RSA %d", f.key.Public.N.BitLen()), f.key.Container, "fingerprint " + lightssl.Fingerprint(f.key.Public)}
	if f.hasDevice {
		words = append(words, "device "+f.device.String())
	}
	if f.key.Private != nil && f.role != lightssl.ServerRole {
		if err := lightssl.CheckDeviceKey(f.key.Private); err != nil {
			words = append(words, "unusable: "+strings.TrimPrefix(err.Error(), "lightssl: "))
		} else {
			words = append(words, "usable")
		}
	}
	if f.protection() != "" {
		words = append(words, "others can read it")
	}
	return words
}

// protection is what to do about a secret that others can read, "" if nothing.
func (f *keyFile) protection() string {
	if f.key.Private == nil {
		return ""
	}
	return remedyFor(f.mode, f.path)
}

// purpose is the role in words, with what the file's name adds.
func (f *keyFile) purpose() string {
	switch _, rest, ok := cutDeviceID(filepath.Base(f.path)); {
	case f.retired:
		return "retired impersonation"
	case ok && strings.HasPrefix(rest, originalBase):
		return "server's former " + f.role.String()
	case f.role == lightssl.AnyRole:
		return "unknown"
	}
	return f.role.String()
}
