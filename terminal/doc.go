// Package terminal runs the built photonscope on a pseudo-terminal, as a user
// does, and lets terminals that are not ours judge what it writes: an emulator, and tmux.
// It is a module of its own, so that neither a pseudo-terminal nor an emulator is
// a dependency of photonscope. Begin with [screen], in screen_test.go.
package terminal
