package main

import (
	"os"
	"path/filepath"
	"strings"
)

// serverStyle is a server's way to keep the public keys of its devices. Both
// known ones name the file <id>.pub.pem, SubjectPublicKeyInfo in PEM.
type serverStyle struct {
	name   string   // the value of --style
	folder string   // the folder's usual name
	below  []string // where that is within the server's folder
	takes  string   // when a changed file counts
}

// The styles. spark-protocol reads the file at each connection (spark-protocol
// 0.1.6, lib/utilities.js, get_core_key); @brewskey/spark-protocol remembers what
// it has read for an hour (1.0.21, dist/repository/DeviceKeyFileRepository.js).
var serverStyles = []serverStyle{
	{
		name: "spark", folder: "core_keys", below: []string{"core_keys"},
		takes: "the server reads the file at the device's next connection",
	},
	{
		name: "brewskey", folder: "deviceKeys", below: []string{"data/deviceKeys", "deviceKeys"},
		takes: "restart the server: it remembers keys for an hour",
	},
}

// publicKeyName is how both servers name a device's public key.
func publicKeyName(id interface{ String() string }) string { return id.String() + ".pub.pem" }

// findStyle returns the style of this name.
func findStyle(name string) (serverStyle, bool) {
	for _, s := range serverStyles {
		if s.name == name {
			return s, true
		}
	}
	return serverStyle{}, false
}

// findServerFolder finds the folder with the devices' keys: dir itself or the
// usual place below it, and the style: the one named, else the one that the
// folder's name tells.
func findServerFolder(dir, styleName string) (string, serverStyle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", serverStyle{}, failure("", "%w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", serverStyle{}, fileError("server key folder "+dir, err, "name the folder that the server keeps the keys of its devices in")
	}
	if !info.IsDir() {
		return "", serverStyle{}, usageError("--server-keys "+quote(filepath.Dir(dir)), "server key folder %s: is a file, not a folder", dir)
	}
	styles := serverStyles
	if styleName != "" {
		s, ok := findStyle(styleName)
		if !ok {
			return "", serverStyle{}, usageError("one of: "+styleNames(), "--style %s means nothing", styleName)
		}
		styles = []serverStyle{s}
	}
	for _, s := range styles {
		if path, ok := s.in(dir); ok {
			return path, s, nil
		}
	}
	if styleName != "" {
		return dir, styles[0], nil
	}
	return "", serverStyle{}, usageError("add --style spark (spark-protocol, folder core_keys) or --style brewskey (@brewskey/spark-protocol, folder data/deviceKeys)",
		"server key folder %s: its name does not tell which server it belongs to", dir)
}

// in returns where below dir a server of this style keeps its devices' keys, if
// the names tell.
func (s serverStyle) in(dir string) (string, bool) {
	if filepath.Base(dir) == s.folder {
		return dir, true
	}
	for _, below := range s.below {
		if path := filepath.Join(dir, filepath.FromSlash(below)); isFolder(path) {
			return path, true
		}
	}
	return "", false
}

func styleNames() string {
	names := make([]string, len(serverStyles))
	for i, s := range serverStyles {
		names[i] = s.name
	}
	return strings.Join(names, ", ")
}
