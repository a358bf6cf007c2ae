package lightssl_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	. "github.com/photonscope/photonscope/decode/lightssl"
)

// printings prints a value in every way a program prints values.
func printings(t *testing.T, v any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for verb := byte(' '); verb < 0x7f; verb++ {
		// fmt asks no method of a value for %p and for %w outside Errorf;
		// go vet reports both.
		if verb == '%' || verb == 'p' || verb == 'w' {
			continue
		}
		for _, flags := range []string{"", "+", "#", "0100"} {
			f := "%" + flags + string(verb)
			out[f] = fmt.Sprintf(f, v)
		}
	}
	out["Sprint"], out["Sprintln"] = fmt.Sprint(v), fmt.Sprintln(v)
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out["json"] = string(b)
	var text, js bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&js, nil)).Info("x", "v", v)
	out["slog text"], out["slog json"] = text.String(), js.String()
	return out
}

// traces returns every eight bytes in a row of a secret in each usual notation.
func traces(secret []byte) (forms []string) {
	for i := 0; i+8 <= len(secret); i += 8 {
		part := secret[i : i+8]
		decimal := strings.Trim(fmt.Sprint(part), "[]")
		forms = append(forms, string(part), hex.EncodeToString(part), fmt.Sprintf("% x", part),
			decimal, strings.ReplaceAll(decimal, " ", ","), strings.ReplaceAll(decimal, " ", ", "),
			strings.Trim(fmt.Sprintf("%#v", part), "[]byte{}"), base64.StdEncoding.EncodeToString(part)[:8])
	}
	return forms
}

func TestSecretsNeverPrint(t *testing.T) {
	c := testCredentials(33)
	device, server := deviceKey(t), serverKey(t)
	ring := new(Keyring)
	ring.AddKey(private(device), AnyRole)
	ring.AddKey(private(server), AnyRole)
	ring.AddSession(Nonce{}, c)
	ring.AddLoose(c)
	var secrets []string
	for _, s := range [][]byte{c[:], device.D.Bytes(), device.Primes[0].Bytes(), device.Precomputed.Qinv.Bytes(), server.D.Bytes(), server.Primes[1].Bytes()} {
		for _, form := range traces(s) {
			secrets = append(secrets, strings.ToLower(form))
		}
	}
	for name, v := range map[string]any{
		"credentials":         c,
		"pointer":             &c,
		"in a slice":          []Credentials{c},
		"in a map":            map[string]Credentials{"x": c},
		"handshake":           Handshake{Credentials: c},
		"pointer to it":       &Handshake{Credentials: c},
		"key log entry":       KeyLogEntry{Credentials: c},
		"opened":              Opened{Credentials: c, Source: "device key"},
		"key":                 private(device),
		"in a struct":         struct{ K Key }{private(device)},
		"pointer to a key":    &Key{Private: server, Public: &server.PublicKey},
		"keyring":             ring,
		"cloud end":           struct{ C *Credentials }{&c},
		"error of a key file": fmt.Errorf("%w", second(ParseKey(MarshalPrivateDER(device)[:300]))),
	} {
		for how, text := range printings(t, v) {
			text = strings.ToLower(text)
			for _, s := range secrets {
				if strings.Contains(text, s) {
					t.Fatalf("%s with %s shows a secret: %q", name, how, text)
				}
			}
		}
	}
	if got := fmt.Sprintf("%x", c); got != "[secret]" {
		t.Errorf("credentials print as %q", got)
	}
}
