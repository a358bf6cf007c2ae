package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/photonscope/photonscope/decode/lightssl"
	"github.com/photonscope/photonscope/sim"
)

// programLimit is how long another program may take.
const programLimit = 10 * time.Second

// nodeScript decrypts as a Node server does: RSA of PKCS #1 v1.5. It says its
// version, and what came of it.
const nodeScript = `
const crypto = require('crypto');
let text = '';
process.stdin.on('data', data => { text += data; }).on('end', () => {
  const { key, sealed, plain } = JSON.parse(text);
  let result = 'decrypts';
  try {
    const padding = crypto.constants.RSA_PKCS1_PADDING;
    const opened = crypto.privateDecrypt({ key, padding }, Buffer.from(sealed, 'hex'));
    if (opened.toString('hex') !== plain) result = 'garbles';
  } catch (error) {
    result = 'refuses';
  }
  process.stdout.write(process.version + ' ' + result);
});
`

// checkNode asks the Node on the path to decrypt as servers need it, with a key
// that is part of this program.
func checkNode(ctx context.Context) row {
	path, err := exec.LookPath("node")
	if err != nil {
		return row{fine, "node", "not found; only a server on this host needs it", ""}
	}
	said, err := run(ctx, nodeQuestion(), path, "-e", nodeScript)
	version, result, _ := strings.Cut(said, " ")
	switch {
	case err != nil:
		return row{warn, "node", path + " does not run: " + err.Error(), "a server on this host needs it"}
	case result != "decrypts":
		return row{warn, "node", version + " refuses to decrypt PKCS #1 v1.5 with Node's own crypto, as spark-protocol and older Brewskey servers do",
			"an older Node, or @brewskey/spark-protocol 1.0.21, whose RSA is in JavaScript: photonscope explain PH-07"}
	}
	return row{fine, "node", version + " decrypts PKCS #1 v1.5", ""}
}

// nodeQuestion is what nodeScript reads.
func nodeQuestion() []byte {
	plain := []byte("photonscope")
	//lint:ignore SA1019 the protocol is PKCS #1 v1.5 and nothing else
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, &sim.ServerKey().PublicKey, plain)
	if err != nil {
		panic(err) // the key is long enough for it
	}
	question, err := json.Marshal(map[string]string{
		"key": string(lightssl.MarshalPrivatePEM(sim.ServerKey())), "sealed": hex.EncodeToString(sealed), "plain": hex.EncodeToString(plain),
	})
	if err != nil {
		panic(err) // strings can always be written
	}
	return question
}

// checkOpenSSL finds the program that particle-cli leaves keys to.
func checkOpenSSL(ctx context.Context) row {
	path, err := exec.LookPath("openssl")
	if err != nil {
		return row{warn, "openssl", "not found: particle-cli makes no keys without it", "photonscope keys generate makes keys without it (PH-34)"}
	}
	said, err := run(ctx, nil, path, "version")
	if err != nil {
		return row{warn, "openssl", path + " does not run: " + err.Error(), "photonscope keys generate makes keys without it (PH-34)"}
	}
	r := row{fine, "openssl", said, ""}
	if strings.HasPrefix(said, "OpenSSL 3") {
		r.do = "it writes PKCS #8 unless told -traditional, and a Photon misreads that (PH-10)"
	}
	return r
}

func checkParticle() row {
	path, err := exec.LookPath("particle")
	if err != nil {
		return row{fine, "particle-cli", "not found; only writing keys into a device needs it", ""}
	}
	return row{fine, "particle-cli", path, ""}
}

// run runs a program for a while and returns what it prints.
func run(ctx context.Context, stdin []byte, path string, args ...string) (string, error) {
	ctx, stop := context.WithTimeout(ctx, programLimit)
	defer stop()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = errors.New("it does not end")
	}
	return strings.TrimSpace(string(out)), err
}
