package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/stream"
	"github.com/photonscope/photonscope/diagnose"
)

// keyFiles tells what is wrong with the key files that -k names, as findings of
// session 0. Files that cannot be read, loading the keys has told of.
func (d *diagnosis) keyFiles(args []string) {
	var files []diagnose.File
	for _, arg := range args {
		_, path := splitRole(arg, d.app.getenv("HOME"))
		names := []string{path}
		if isFolder(path) {
			names, _, _ = keyFileNames(path)
		}
		for _, name := range names {
			if b, _, err := readBounded(name, maxKeyFile); err == nil {
				files = append(files, diagnose.File{Name: filepath.ToSlash(name), Data: b})
			}
		}
	}
	found := diagnose.Files(files)
	for i := range found {
		d.event(&decode.Event{At: lastChange(&found[i]), Conn: new(stream.Conn), Body: &found[i]})
	}
}

// lastChange is when the files that a finding rests on were changed last.
func lastChange(f *decode.Finding) (last time.Time) {
	for _, v := range f.Evidence {
		if info, err := os.Stat(filepath.FromSlash(v.Name)); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}
