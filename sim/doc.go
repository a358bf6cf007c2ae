// Package sim is a simulated Photon and a simulated cloud that speak the whole
// protocol, for tests, for the demo and for the cloud of terminate mode. Begin
// with [Device], whose Run is one session of a device, and [Cloud], whose Serve
// and ServeConn are the other end; [Story] lets the two play a conversation that
// shows every kind of message.
//
// Both ends are made to be as their originals are. A [Profile] says how a
// firmware generation behaves, defects included; a [Style] says how a server
// does. What a session is to do comes as a function on its handle ([DeviceSession],
// [CloudSession]) or as data, a [Script]; what is to go wrong comes as [Fault]
// values.
//
// # How a session runs
//
// Three goroutines at most, all started and awaited by Run or ServeConn: one
// reads frames into a queue, one (the caller's) takes them out and answers, one
// runs the Handle function or script. Whoever sends takes the session's lock,
// under which the message gets its ID, is sealed and leaves in a single Write. The
// reader never writes, so two ends cannot block each other, not even over a
// net.Pipe. The end of the context closes the connection, which ends all three.
package sim
