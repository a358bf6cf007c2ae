// Package terminal runs the built photonscope on a pseudo-terminal, as a user
// does, and lets two terminal emulators that are not ours judge what it writes.
// It is a module of its own, so that neither a pseudo-terminal nor an emulator is
// a dependency of photonscope. Begin with [screen], in screen_test.go.
package terminal
