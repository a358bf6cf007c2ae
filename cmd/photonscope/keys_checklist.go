package main

import "github.com/photonscope/photonscope/decode/lightssl"

// checklist says which keys are here, what each mode lacks, and the next command.
// It looks into the current folder and the key folder, and changes nothing.
func (k *keysCommand) checklist() error {
	args := keysHere()
	folder := k.folder
	if folder == "" {
		folder = defaultKeyFolder(k.getenv)
	}
	if folder != "" && isFolder(folder) {
		args = append(args, folder)
	}
	l := keyLoader{set: &keySet{Ring: new(lightssl.Keyring)}, home: k.getenv("HOME")}
	for _, arg := range args {
		l.argument(arg) // what is no key is none of this list's
	}
	l.set.choose()
	here := l.set.Ring.Counts()
	server, own, stands, logged := l.set.ServerKey != nil, here.Devices > 0, here.Impersonations > 0, here.Sessions+here.Loose > 0
	k.step(server, "the server's private key", "cp SERVER_FOLDER/default_key.pem .   (a new server: photonscope keys generate --server --out .)")
	k.step(stands, "a key that stands for a device at its server", "photonscope keys register DEVICE_ID --server-keys SERVER_FOLDER/core_keys")
	k.step(own, "a device's own private key", "particle keys save DEVICE_ID   (the device in DFU mode: its light blinks yellow)")
	k.step(logged, "a key log of sessions", "photonscope keys keylog-preload > photon-keylog.js; node -r ./photon-keylog.js SERVER.js")
	k.print("")
	k.step(server, "terminate: photonscope is the server", "needs the server's private key")
	k.step(server && stands, "splice: between device and server, live", "needs the server's private key and one that stands for the device")
	k.step(own || logged, "observe: live and in captures, not a byte touched", "shows who connects; to read on, a device's own private key or a key log")
	if n := len(l.set.rivals); n > 0 {
		k.print("there are %d different private server keys (%s): name one with -k", n, someOf(l.set.rivals, 3))
	}
	k.print("more: photonscope keys --help, photonscope doctor")
	return nil
}

// step is a line of the list: what is there, or what to do.
func (k *keysCommand) step(done bool, what, do string) {
	if done {
		k.print("[x] %s", what)
		return
	}
	k.print("[ ] %s", what)
	k.print("      %s", do)
}
