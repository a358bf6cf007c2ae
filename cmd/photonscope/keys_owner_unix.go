//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the owner of a file or folder that exists, with mode.
func ownerOf(info fs.FileInfo, mode fs.FileMode) owner {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return owner{mode, int(st.Uid), int(st.Gid), true}
	}
	return owner{mode: mode}
}
