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
	BadRequest         Code = 0x80
	NotFound           Code = 0x84
	InternalError      Code = 0xa0
	ServiceUnavailable Code = 0xa3
)

// Class returns the class: 0 request or empty, 2 success, 4 and 5 error.
func (c Code) Class() int { return int(c >> 5) }

// IsRequest reports whether the code is that of a request.
func (c Code) IsRequest() bool { return c.Class() == 0 && c != Empty }

// IsResponse reports whether the code is that of a response.
func (c Code) IsResponse() bool { return c.Class() >= 2 }

// String returns the code as RFC 7252 writes it, such as "2.05".
func (c Code) String() string {
	detail := strconv.Itoa(int(c & 31))
	if len(detail) == 1 {
		detail = "0" + detail
	}
	return strconv.Itoa(c.Class()) + "." + detail
}
