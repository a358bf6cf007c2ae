//go:build !unix

package proxy

// attach leaves s reading the ordinary way.
func (s *source) attach() {}

// awaitReset reports that a reset after the peer's FIN cannot be seen.
func (s *source) awaitReset() bool { return false }
