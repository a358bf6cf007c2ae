package planted

// bug is a fault that a careful person could have made: what the source says,
// what it says with the fault, and the fuzz target that should notice.
type bug struct {
	name   string
	file   string // from the root of the module
	target string // package's folder and the function
	right  string // occurs once in the file
	wrong  string
}

// bugs are of the kinds that parsers have had: a length that is off by one or
// not checked, a count that wraps, the wrong byte order, a value left over from
// the element before, a loop that does not advance, an allocation that the input
// chooses, a state that is not reset.
var bugs = []bug{
	{
		name: "frame-length-wraps", file: "decode/lightssl/frame.go", target: "decode/lightssl FuzzFrames",
		right: "return FrameHeaderLen + int(binary.BigEndian.Uint16(b))",
		wrong: "return int(FrameHeaderLen + binary.BigEndian.Uint16(b))",
	}, {
		name: "frame-byte-order", file: "decode/lightssl/frame.go", target: "decode/lightssl FuzzFrames",
		right: "return FrameHeaderLen + int(binary.BigEndian.Uint16(b))",
		wrong: "return FrameHeaderLen + int(binary.LittleEndian.Uint16(b))",
	}, {
		name: "next-iv-is-the-last-block", file: "decode/lightssl/cipher.go", target: "decode/lightssl FuzzCipher",
		right: "if err != ErrLength {\n\t\tcopy(c.iv[:], ciphertext)",
		wrong: "if err != ErrLength {\n\t\tcopy(c.iv[:], ciphertext[len(ciphertext)-BlockLen:])",
	}, {
		name: "padding-longer-than-a-block", file: "decode/lightssl/cipher.go", target: "decode/lightssl FuzzCipher",
		right: "if pad == 0 || pad > BlockLen {",
		wrong: "if pad == 0 {",
	}, {
		name: "identity-length-not-checked", file: "decode/lightssl/handshake.go", target: "decode/lightssl FuzzIdentity",
		right: "if len(b) < CoreIdentityPlainLen {",
		wrong: "if len(b) < NonceLen {",
	}, {
		name: "signature-over-too-little", file: "decode/lightssl/handshake.go", target: "decode/lightssl FuzzCredentials",
		right: "h := hmac.New(sha1.New, c[:])\n\th.Write(sealed)",
		wrong: "h := hmac.New(sha1.New, c[:CredentialsLen-1])\n\th.Write(sealed)",
	}, {
		name: "der-length-overflows", file: "decode/lightssl/keyder.go", target: "decode/lightssl FuzzKey",
		right: "if start == 2 || start > 5 || len(b) < start {",
		wrong: "if start == 2 || len(b) < start {",
	}, {
		name: "private-key-not-validated", file: "decode/lightssl/keyder.go", target: "decode/lightssl FuzzKey",
		right: "if priv.Validate() != nil {",
		wrong: "if priv.D == nil {",
	}, {
		name: "key-log-digits-not-counted", file: "decode/lightssl/keylog.go", target: "decode/lightssl FuzzKeyLog",
		right: "if len(digits) != 2*len(dst) {",
		wrong: "if len(digits) < 2*len(dst) {",
	}, {
		name: "key-log-line-forgotten-between-pieces", file: "decode/lightssl/keylog.go", target: "decode/lightssl FuzzKeyLog",
		right: "\tvar errs []error\n\tfor line := range bytes.Lines(b) {",
		wrong: "\tvar errs []error\n\ts.part = s.part[:0]\n\tfor line := range bytes.Lines(b) {",
	}, {
		name: "option-value-beyond-the-message", file: "decode/coap/message.go", target: "decode/coap FuzzParse",
		right: "if fault != \"\" || number > 0xffff || end > len(b) || n == MaxOptions {",
		wrong: "if fault != \"\" || number > 0xffff || end > len(b)+1 || n == MaxOptions {",
	}, {
		name: "option-number-wraps", file: "decode/coap/message.go", target: "decode/coap FuzzParse",
		right: "if fault != \"\" || number > 0xffff || end",
		wrong: "if fault != \"\" || number > 0x1ffff || end",
	}, {
		name: "extended-delta-off-by-one", file: "decode/coap/message.go", target: "decode/coap FuzzParse",
		right: "return int(binary.BigEndian.Uint16(b[at:])) + 269, at + 2, true",
		wrong: "return int(binary.BigEndian.Uint16(b[at:])) + 268, at + 2, true",
	}, {
		name: "payload-byte-in-two-fields", file: "decode/particle/payload.go", target: "decode/particle FuzzConversation",
		right: "\tp.dst = append(p.dst, field.Field{Def: def, Value: v, Start: start, End: start + n})\n\tp.at += n",
		wrong: "\tp.dst = append(p.dst, field.Field{Def: def, Value: v, Start: start, End: start + n})\n\tp.at += max(n, 1)",
	}, {
		name: "controls-pass-the-sanitiser", file: "decode/field/text.go", target: "decode/field FuzzPrintable",
		right: "return !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)",
		wrong: "return unicode.IsControl(r)",
	}, {
		name: "bytes-before-a-gap-kept", file: "decode/gap.go", target: "decode FuzzSession",
		right: "\th.lose(have, size, it.Len)\n\th.consume(len(have))",
		wrong: "\th.lose(have, size, it.Len)",
	}, {
		name: "quote-ends-a-string", file: "decode/field/text.go", target: "decode FuzzRender",
		right: "safe[c] = c >= ' ' && c != '\"' && c != '\\\\' && c != 0x7f",
		wrong: "safe[c] = c >= ' ' && c != '\\\\' && c != 0x7f",
	}, {
		name: "captured-length-not-checked", file: "captures/pcapng.go", target: "captures FuzzRead",
		right: "if captured > int64(len(b)-16) || captured > maxPacket {",
		wrong: "if captured > maxPacket {",
	}, {
		name: "overlap-delivered-twice", file: "captures/lane.go", target: "captures FuzzReassembly",
		right: "if before := distance(p.seq, q.seq); before > 0 {",
		wrong: "if before := distance(p.seq, q.seq) + 1; before > 1 {",
	}, {
		name: "sequence-numbers-do-not-wrap", file: "captures/lane.go", target: "captures FuzzReassembly",
		right: "func distance(a, b uint32) int { return int(int32(b - a)) }",
		wrong: "func distance(a, b uint32) int { return int(b) - int(a) }",
	},
}
