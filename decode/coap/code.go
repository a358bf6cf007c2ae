package coap

import "strconv"

// Code is the code of a message: a class of three bits and a detail of five,
// written c.dd (RFC 7252 section 3).
type Code uint8

// The codes that Particle's protocol uses.
const (
	Empty              Code = 0x00
	GET                Code = 0x01
	POST               Code = 0x02
	PUT                Code = 0x03
	DELETE             Code = 0x04
	Created            Code = 0x41
	Changed            Code = 0x44
	Content            Code = 0x45
	Continue           Code = 0x5f
	BadRequest         Code = 0x80
	NotFound           Code = 0x84
	InternalError      Code = 0xa0
	ServiceUnavailable Code = 0xa3
)

// codeNames are the registered codes: methods, responses and, for messages over
// reliable transports that never occur here, signalling.
var codeNames = map[Code]string{
	Empty: "Empty",
	GET:   "GET", POST: "POST", PUT: "PUT", DELETE: "DELETE",
	0x05: "FETCH", 0x06: "PATCH", 0x07: "iPATCH", // RFC 8132
	Created: "Created", 0x42: "Deleted", 0x43: "Valid", Changed: "Changed", Content: "Content",
	Continue:   "Continue", // RFC 7959
	BadRequest: "Bad Request", 0x81: "Unauthorized", 0x82: "Bad Option", 0x83: "Forbidden",
	NotFound: "Not Found", 0x85: "Method Not Allowed", 0x86: "Not Acceptable",
	0x88: "Request Entity Incomplete", // RFC 7959
	0x89: "Conflict",                  // RFC 8132
	0x8c: "Precondition Failed", 0x8d: "Request Entity Too Large", 0x8f: "Unsupported Content-Format",
	0x96:          "Unprocessable Entity", // RFC 8132
	0x9d:          "Too Many Requests",    // RFC 8516
	InternalError: "Internal Server Error", 0xa1: "Not Implemented", 0xa2: "Bad Gateway",
	ServiceUnavailable: "Service Unavailable", 0xa4: "Gateway Timeout", 0xa5: "Proxying Not Supported",
	0xa8: "Hop Limit Reached",                                               // RFC 8768
	0xe1: "CSM", 0xe2: "Ping", 0xe3: "Pong", 0xe4: "Release", 0xe5: "Abort", // RFC 8323
}

// Class returns the class: 0 request or empty, 2 success, 4 and 5 error.
func (c Code) Class() int { return int(c >> 5) }

// IsRequest reports whether the code is that of a request.
func (c Code) IsRequest() bool { return c.Class() == 0 && c != Empty }

// IsResponse reports whether the code is that of a response.
func (c Code) IsResponse() bool { return c.Class() >= 2 }

// IsError reports whether the code is that of a response that says no: 4.dd
// or 5.dd.
func (c Code) IsError() bool { return c.Class() == 4 || c.Class() == 5 }

// Name returns the registered name, such as "Content" for 2.05, or "" if the
// code is not registered.
func (c Code) Name() string { return codeNames[c] }

// String returns the code as RFC 7252 writes it, such as "2.05".
func (c Code) String() string {
	detail := strconv.Itoa(int(c & 31))
	if len(detail) == 1 {
		detail = "0" + detail
	}
	return strconv.Itoa(c.Class()) + "." + detail
}
