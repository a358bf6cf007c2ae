package main

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/diagnose"
)

// checkPort binds the address, and lets go of it.
func checkPort(ctx context.Context, listen string) row {
	r := row{health: fine, what: "port", says: listen + " is free"}
	_, port, err := net.SplitHostPort(listen)
	if err != nil || !isPort(port) {
		return row{bad, "port", listen + " is no address and port", "-l 127.0.0.1:5683"}
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return row{bad, "port", listen + ": another program has it, a server perhaps", "photonscope proxy -l with another port, or move the server"}
	case errors.Is(err, fs.ErrPermission):
		return row{bad, "port", listen + ": ports below 1024 are for root", "photonscope proxy -l with a port from 1024 on; devices use 5683"}
	case err != nil:
		return row{bad, "port", listen + ": it cannot be listened on: it is no address of this host", "photonscope proxy -l with an address of this host"}
	}
	ln.Close()
	if host, _ := netip.ParseAddrPort(listen); host.Addr().IsLoopback() {
		r.says += "; devices cannot reach it: name an address of this host with -l"
	}
	return r
}

func checkAddresses(own []netip.Addr) row {
	if len(own) == 0 {
		return row{bad, "this host", "it has no IPv4 address in a network: no device can reach it", "connect it to the device's network (PH-15)"}
	}
	names := make([]string, len(own))
	for i, a := range own {
		names[i] = a.String()
	}
	r := row{fine, "this host", strings.Join(names, ", "), ""}
	if len(own) > 1 {
		r.do = "write the one that the device's network can reach into the device, as a number (PH-15)"
	}
	return r
}

// checkKeys looks at the key files named, or at those in the current folder and
// the key folder.
func (a *app) checkKeys(args []string) (rows []row) {
	if len(args) == 0 {
		args = keysHere()
		if folder := defaultKeyFolder(a.getenv); folder != "" && isFolder(folder) {
			args = append(args, folder)
		}
	}
	var files []diagnose.File
	for _, arg := range args {
		_, path := splitRole(arg, a.getenv("HOME"))
		names, left, err := []string{path}, 0, error(nil)
		if isFolder(path) {
			if names, left, err = keyFileNames(path); err != nil {
				rows = append(rows, row{bad, "key", path + ": " + plainReason(err).Error(), ""})
			}
		}
		for _, name := range names {
			r, file := checkKey(name)
			rows, files = append(rows, r), append(files, file...)
		}
		if left > 0 {
			rows = append(rows, row{warn, "key", leftOut(path, left), ""})
		}
	}
	for _, f := range diagnose.Files(files) {
		rows = append(rows, row{bad, "key", f.ID + " " + f.Confidence + ": " + f.Title, "photonscope explain " + f.ID})
	}
	if len(rows) == 0 {
		rows = []row{{warn, "keys", "none found here: photonscope shows who connects and when, and no more", "photonscope keys"}}
	}
	return rows
}

// checkKey looks at one file. What it holds is returned if it can be a key.
func checkKey(path string) (row, []diagnose.File) {
	b, mode, err := readBounded(path, maxKeyLog)
	what := filepath.Base(path)
	switch {
	case err != nil:
		return row{bad, what, path + " " + err.Error(), ""}, nil
	case isKeyLog(path, b):
		return row{secretHealth(mode), what, "a key log" + readableBy(mode), remedyFor(mode, path)}, nil
	}
	files := []diagnose.File{{Name: filepath.ToSlash(path), Data: b}}
	f, err := parseKeyFile(path, b, lightssl.AnyRole)
	var wrong *lightssl.KeyError
	switch {
	case errors.As(err, &wrong) && holdsOtherPEM(b):
		return row{fine, what, wrong.What + ": not of this protocol, and in nobody's way", ""}, nil
	case errors.As(err, &wrong):
		return row{warn, what, wrong.What, wrong.Do}, files
	case err != nil:
		return row{warn, what, err.Error(), ""}, files
	case f.key.Private == nil:
		mode = privateMode // there is no secret in it
	}
	f.mode = mode
	r := row{secretHealth(mode), what, strings.Join(f.describe(), ", "), remedyFor(mode, path)}
	if f.key.Private != nil && f.role == lightssl.DeviceRole && lightssl.CheckDeviceKey(f.key.Private) != nil {
		r.health, r.do = bad, "photonscope keys generate --device ID makes one that a Photon can use"
	}
	return r, files
}

// holdsOtherPEM reports whether a file holds whole PEM that is no key, such as the
// certificate of a web server.
func holdsOtherPEM(b []byte) bool {
	block, _ := pem.Decode(b)
	return block != nil && !strings.Contains(block.Type, "KEY")
}

func secretHealth(mode os.FileMode) health {
	if mode.Perm()&0o077 != 0 {
		return warn
	}
	return fine
}

func readableBy(mode os.FileMode) string {
	if secretHealth(mode) == fine {
		return ""
	}
	return ", readable by others"
}

func remedyFor(mode os.FileMode, path string) string {
	if secretHealth(mode) == fine {
		return ""
	}
	return "chmod 600 " + quote(path)
}

// How long a server may take to accept, and to send its nonce.
const (
	acceptLimit = 5 * time.Second
	nonceLimit  = 3 * time.Second
)

// checkServer connects, and reads what the server says of itself: a device's
// server sends its nonce at once.
func checkServer(ctx context.Context, addr string) row {
	what := "server"
	d := net.Dialer{Timeout: acceptLimit}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return row{bad, what, addr + " cannot be reached: " + reachReason(err), "photonscope explain PH-16"}
	}
	defer conn.Close()
	start := time.Now()
	conn.SetReadDeadline(start.Add(nonceLimit))
	var nonce lightssl.Nonce
	n, err := io.ReadFull(conn, nonce[:])
	took := time.Since(start)
	switch {
	case n > 0 && strings.HasPrefix(string(nonce[:n]), "HTTP/"):
		return row{bad, what, addr + " answers as a web server", "the port for devices is another one, mostly 5683: photonscope explain PH-14"}
	case n > 1 && (nonce[0] == 0x15 || nonce[0] == 0x16) && nonce[1] == 3:
		return row{bad, what, addr + " answers with TLS", "the port for devices is another one, mostly 5683: photonscope explain PH-14"}
	case n == len(nonce):
		return row{fine, what, fmt.Sprintf("%s sends a nonce of %d bytes, %d ms after it is connected to", addr, n, took.Milliseconds()), ""}
	case n > 0:
		return row{bad, what, fmt.Sprintf("%s sends %d bytes (%s…) instead of a nonce of %d", addr, n, hex.EncodeToString(nonce[:min(n, 8)]), len(nonce)), "photonscope explain PH-38"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return row{bad, what, fmt.Sprintf("%s accepts, and says nothing for %v: a web or TLS server waits like this", addr, nonceLimit), "photonscope explain PH-14"}
	}
	return row{bad, what, addr + " accepts, and closes without a word", "photonscope explain PH-16"}
}

// reachReason says in few words why there is no connection.
func reachReason(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no answer, as from a firewall or a host that is off"
	}
	return errors.Unwrap(err).Error()
}

func isTimeout(err error) bool {
	var net net.Error
	return errors.As(err, &net) && net.Timeout()
}

// checkTerminal looks at what the screen needs.
func (a *app) checkTerminal() row {
	if !a.hasScreen() {
		return row{fine, "terminal", "none, or one without a screen: everything prints text", ""}
	}
	out := a.stdout.(*os.File) // hasScreen has seen it
	width, height, err := term.GetSize(int(out.Fd()))
	r := row{fine, "terminal", fmt.Sprintf("%s, %dx%d", a.getenv("TERM"), width, height), ""}
	switch {
	case err != nil:
		return row{warn, "terminal", "its size is not known", ""}
	case width < helpWidth || height < 24:
		r.health, r.do = warn, "the screen is made for 80x24 and more"
	}
	if a.onlyASCII() {
		r.says += ", ASCII"
	} else {
		r.says += ", UTF-8"
	}
	if a.getenv("NO_COLOR") != "" {
		r.says += ", no colours (NO_COLOR)"
	}
	return r
}

// checkClock doubts a clock that stands before this program was written: devices
// ask the cloud for the time.
func checkClock() row {
	now := time.Now()
	if now.Year() < 2026 || now.Year() > 2100 {
		return row{warn, "clock", "it says " + now.Format(time.RFC3339), "set it: recordings bear this time, and devices are told it in mode terminate"}
	}
	return row{fine, "clock", now.Format(time.RFC3339), ""}
}
