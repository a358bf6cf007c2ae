// Package particle says what a CoAP message means between a Photon and its
// cloud: its kind, what it answers, and its fields. Begin with [Conversation],
// which takes a session's messages in order, and [Meaning], which it returns
// for each of them.
//
// A Photon and its cloud name the resource of a request by a single letter, the
// first Uri-Path option, so a request is known by its method and letter:
//
//	POST h  hello           GET t   time             POST u  update begins
//	POST e  public event    GET d   describe         POST c  chunk
//	POST E  private event   GET v   variable         PUT u   update is done
//	POST f  function call   GET e   subscribe        GET c   chunks missed
//	POST d  description     PUT s   signal           PUT k   key change
//	POST x  goodbye         empty CON  ping
//
// A response names nothing: its meaning is that of the request it answers. The
// servers find that by the token alone, acknowledgements are found by message ID,
// the time by being the only 2.05 that a cloud sends, and some acknowledgements
// of newer firmware carry an ID of no meaning. Conversation knows these habits.
//
// The catalogue of all messages, [Kinds], holds the source of every row. Sources
// are cited as repository@tag:path.
package particle
