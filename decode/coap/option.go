package coap

// The option numbers that Particle's protocol uses.
const (
	ETag       = 4
	URIPath    = 11
	MaxAge     = 14
	URIQuery   = 15
	Block2     = 23
	Block1     = 27
	NoResponse = 258
)
