package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// busyScript serves 30 devices, one after the other, makes room on the disk and
// serves 5 more. It says how many got all their bytes.
const busyScript = `
const net = require('net'), crypto = require('crypto'), { execSync } = require('child_process');
let whole = 0, n = 0;
const server = net.createServer(socket => {
  n++;
  const secret = Buffer.alloc(40, n), sealed = Buffer.alloc(128, n);
  socket.write(Buffer.alloc(40, n));
  crypto.createHmac('sha1', secret).update(sealed).digest();
  socket.write(sealed);
  socket.end();
});
function next() {
  if (n === 35) { server.close(); console.log('whole: ' + whole); return; }
  if (n === 30 && process.argv[2]) execSync('mount -o remount,size=64k "' + process.argv[2] + '"');
  let got = 0;
  net.connect(server.address().port, '127.0.0.1').on('data', b => got += b.length).on('close', () => { if (got === 168) whole++; next(); });
}
server.listen(0, '127.0.0.1', next);
`

// A disk that is full, for the key log and for what the server says, costs sessions
// in the key log and nothing else.
func TestThePreloadOnAFullDiskLeavesTheServerAlone(t *testing.T) {
	for version, node := range nodes(t) {
		cmd := exec.Command(node, "-r", preload(t), writeKey(t, "server.js", []byte(busyScript)))
		cmd.Env = append(os.Environ(), "PHOTONKEYLOGFILE=/dev/full", "NODE_OPTIONS=")
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = full
		out, err := cmd.Output()
		full.Close()
		if err != nil || string(out) != "whole: 35\n" {
			t.Errorf("Node %s: %v: %q", version, err, out)
		}
	}
}

// Half a line that a full disk left spoils no other, and with room there are lines
// again.
func TestThePreloadGoesOnWhereAFullDiskHasRoomAgain(t *testing.T) {
	needNamespaces(t)
	line := regexp.MustCompile(`^PHOTON_SESSION ([0-9a-f]{80}) [0-9a-f]{80}$`)
	for version, node := range nodes(t) {
		disk, left := t.TempDir(), filepath.Join(t.TempDir(), "photon.keylog")
		const script = `mount -t tmpfs -o size=4k tmpfs "$0" && log="$1" && shift && { "$@" "$0"; code=$?; cp "$0/photon.keylog" "$log"; exit $code; }`
		cmd := exec.Command("unshare", "--mount", "sh", "-c", script, disk, left, node, "-r", preload(t), writeKey(t, "server.js", []byte(busyScript)))
		cmd.Env = append(os.Environ(), "PHOTONKEYLOGFILE="+filepath.Join(disk, "photon.keylog"), "NODE_OPTIONS=")
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil || string(out) != "whole: 35\n" || strings.Count(said.String(), "photon-keylog: ") != 1 {
			t.Errorf("Node %s: %v: %q, said %s", version, err, out, &said)
		}
		b, err := os.ReadFile(left)
		if err != nil {
			t.Fatal(err)
		}
		halves, last := 0, ""
		for text := range strings.Lines(string(b)) {
			if m := line.FindStringSubmatch(strings.TrimSuffix(text, "\n")); m != nil {
				last += m[1][:2] + " "
			} else {
				halves++
			}
		}
		if halves != 1 || !strings.HasSuffix(last, fmt.Sprintf("%02x %02x %02x %02x %02x ", 31, 32, 33, 34, 35)) {
			t.Errorf("Node %s: %d broken lines, sessions %s", version, halves, last)
		}
	}
}
