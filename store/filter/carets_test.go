package filter

import (
	"errors"
	"strings"
	"testing"
)

// carets are faults as the user sees them.
var carets = []string{`
type ==
       ^
expected a word, such as "opened"`, `
photon.msg == pong
              ^~~~
photon.msg is never "pong"; did you mean ping?`, `
photon.dir == "north"
              ^~~~~~~
photon.dir is never "north"; it is one of device, cloud`, `
uri_path == "e"
^~~~~~~~
there is no field or filter named uri_path; did you mean coap.opt.uri_path?`, `
photon.mgs == ping
^~~~~~~~~~
there is no field or filter named photon.mgs; did you mean photon.msg?`, `
type and (rtt > 1
         ^
this parenthesis is never closed`, `
type)
    ^
there is no opening parenthesis to this one`, `
coap.mid = 1
         ^
a comparison is written ==`, `
type & rtt
     ^
and is written && or and`, `
type rtt
     ^~~
expected and, or or the end`, `
event temp
      ^~~~
expected and, or or the end; did you mean event == temp?`, `
(rtt > 1 and coap.payload[0:2] 0c:0d)
                               ^~~~~
expected and, or or a closing parenthesis; did you mean coap.payload[0:2] == 0c:0d?`, `
event == temp "inside"
              ^~~~~~~~
expected and, or or the end`, `
type or event "a b"
              ^~~~~
expected and, or or the end; did you mean event == "a b"?`, `
coap.mid == -1
            ^~
coap.mid is never negative`, `
coap.mid == 1.5
            ^~~
coap.mid is a whole number`, `
coap.mid == 010
            ^~~
"010" is no number, such as 12 or 0x0c`, `
coap.code == 2.5
             ^~~
"2.5" is no number, such as 69, 2.05 or GET`, `
rtt > fast
      ^~~~
"fast" is no number of seconds, such as 0.5 or 500ms`, `
photon.opened == maybe
                 ^~~~~
photon.opened is true or false`, `
photon.opened > true
              ^
true and false have no order`, `
coap.mid contains 1
         ^~~~~~~~
contains looks into text and bytes, coap.mid is a number`, `
coap.mid[0] == 1
        ^
only bytes and text can be cut, coap.mid is a number`, `
frame.plain[a] == 1
           ^~~
expected [offset], [offset:length], [first-last], [offset:] or [:length]; a negative offset counts from the end`, `
photon.credentials.key == 00
                       ^~
photon.credentials.key is secret: only whether it is there can be asked`, `
coap.token == xyz
              ^~~
"xyz" is not bytes, such as 0a:ff; text is put into quotes`, `
coap.mid == photon.dir
            ^~~~~~~~~~
coap.mid is a number, photon.dir is a word`, `
path matches "("
             ^~~
not a regular expression: missing closing ): (`, `
path matches "(a{900}){900}"
             ^~~~~~~~~~~~~~~
not a regular expression: invalid repeat count: {900}`, `
path matches "((abc){30}){30}{30}"
             ^~~~~~~~~~~~~~~~~~~~~
not a regular expression: invalid nested repetition operator: {30}{30}`, `
path matches "(\pL{90}x){10}"
             ^~~~~~~~~~~~~~~~
the regular expression repeats too much`, `
path == "a\d"
        ^~~~~
\d is no escape; a backslash is written \\`, `
path == "abc
        ^~~~
the text has no closing quote`, `
"e" == path
^~~
a test begins with a field, such as photon.msg == "event"`, `
mid in {1, 2
            ^
expected a comma or a closing brace`, `
mid in 1
       ^
expected a list in braces, such as {1..9, 12}`, `
any type
        ^
any belongs to a comparison`, `
not
   ^
a test is missing, such as photon.msg == "event"`, `
ip.addr == fe80::1
           ^~~~~~~
ip.addr holds addresses such as 192.0.2.1 or 192.0.2.0/24`, `
ip.addr > 10.0.0.0/8
          ^~~~~~~~~~
a network has no order; use == or in`, `
time > yesterday
       ^~~~~~~~~
"yesterday" is no time; write it as 2026-11-24T02:54:47.5Z`, `
~m pong
^~~~~~~
~m: photon.msg is never "pong"; did you mean ping?`, `
type and ~zz
         ^~~
there is no macro ~zz`, `
~c "1 or 2"
^~~~~~~~~~~
~c needs its argument, CODE`, `
(~q) ~s
     ^
expected and, or or the end`, `
mid == 1 == 2
         ^~
a comparison has one operator; join two with and`,
}

func TestFaultsAreShownWhereTheyAre(t *testing.T) {
	for _, want := range carets {
		want = want[1:]
		expr, _, _ := strings.Cut(want, "\n")
		_, err := Parse(expr, nil)
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: no error", expr)
		} else if fault.Caret() != want {
			t.Errorf("got\n%s\nwant\n%s", fault.Caret(), want)
		}
	}
}
