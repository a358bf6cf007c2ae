// Package store holds decoded events in order of arrival, and filtered views of
// them: what the screen reads.
//
// Begin with [Store], to which one goroutine appends and which any number may
// read, and with [View], one reader's list of what matches. [Store.Row] tells what
// lists and statistics need of an event without decoding it, [Store.At] gives the
// event back as it was appended.
//
// A million messages must neither fill the memory nor keep the garbage collector
// busy, so an event is a record of 32 bytes without pointers, in pages of 4,096,
// and some bytes in chunks of 1 MiB. Of an opened message the chunk holds the
// plaintext and the IV: a frame on the wire is sealed again when it is looked at.
//
//	page    4,096 × record: time, place of the bytes, envelope, kind, links, flags
//	chunk   1 MiB: of each event, what its record and its envelope do not say
//	envelope  connection, session, device, credentials: one for many events
//
// What exceeds the budget is evicted, the oldest page first. Sequence numbers
// keep their event, but for [Store.Redecode], which opens what is held with keys
// that came late and says what moved.
package store
