package diagnose

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"path"
	"strings"

	"github.com/photonscope/photonscope/decode"
	"github.com/photonscope/photonscope/decode/lightssl"
)

// File is a file of the user's that may hold a key.
type File struct {
	Name string // a path, with slashes
	Data []byte
}

// fileKey is a key as it stands in a file.
type fileKey struct {
	File
	stem    string // its name without what says which form it holds
	der     []byte // what is inside PEM, or all of the file
	pem     bool
	pkcs8   bool
	ec      bool
	private *rsa.PrivateKey
	public  *rsa.PublicKey
}

// Files looks at key files for the causes that show there before any traffic:
// PH-01, PH-02, PH-04 and PH-09 to PH-12. Evidence counts in the bytes of the
// file; of PEM in what it holds. Files that hold no key are left out.
func Files(files []File) (found []decode.Finding) {
	var keys []fileKey
	for _, f := range files {
		if k, ok := readKey(f); ok {
			keys = append(keys, k)
			found = append(found, k.alone()...)
		}
	}
	for i := range keys {
		for j := i + 1; j < len(keys); j++ {
			found = append(found, beside(&keys[i], &keys[j])...)
		}
	}
	return found
}

// readKey reads any key that may be of concern, right or not.
func readKey(f File) (k fileKey, ok bool) {
	k = fileKey{File: f, stem: stem(f.Name), der: f.Data}
	if block, _ := pem.Decode(f.Data); block != nil {
		k.der, k.pem = block.Bytes, true
	}
	if key, err := lightssl.ParseKey(f.Data); err == nil {
		k.private, k.public = key.Private, key.Public
		_, err := x509.ParsePKCS8PrivateKey(k.der)
		k.pkcs8 = err == nil
		return k, true
	}
	var parsed any
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey, x509.ParsePKIXPublicKey,
		func(b []byte) (any, error) { return x509.ParsePKCS1PrivateKey(b) },
		func(b []byte) (any, error) { return x509.ParseECPrivateKey(b) },
	} {
		if key, err := parse(k.der); err == nil {
			parsed = key
			break
		}
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		k.private, k.public = key, &key.PublicKey
	case *rsa.PublicKey:
		k.public = key
	case *ecdsa.PrivateKey, *ecdsa.PublicKey:
		k.ec = true
	default:
		return k, false
	}
	return k, true
}

// alone finds what is wrong with one key.
func (k *fileKey) alone() []decode.Finding {
	whole := func(shows string) decode.Evidence { return k.shows(0, len(k.der), shows) }
	switch {
	case k.ec:
		for _, oid := range ecIdentifier {
			if i := bytes.Index(k.der, oid); i >= 0 {
				return fileFinding("PH-11", Likely, "", k.shows(i, i+len(oid), "an elliptic curve key: no Photon that speaks TCP uses one"))
			}
		}
		return fileFinding("PH-11", Likely, "", whole("an elliptic curve key: no Photon that speaks TCP uses one"))
	case k.public.N.BitLen() != 1024 && (k.public.N.BitLen() != 2048 || k.public.E != 65537):
		return fileFinding("PH-02", Certain, "", whole(fmt.Sprintf("RSA of %d bits with the exponent %d", k.public.N.BitLen(), k.public.E)))
	case k.public.N.BitLen() == 2048:
		return nil
	case k.pkcs8 && !k.pem:
		return fileFinding("PH-10", Certain, "", k.shows(0, min(len(k.der), 26), "PKCS #8 in DER: loaded into a device as it is, firmware takes bytes 11 to 138 for the modulus"))
	case k.private != nil:
		if err := lightssl.CheckDeviceKey(k.private); err != nil {
			return fileFinding("PH-12", Certain, "a Photon cannot use this private key", whole(strings.TrimPrefix(err.Error(), "lightssl: ")))
		}
	}
	return nil
}

// beside finds what is wrong with two files that belong together by their names.
func beside(a, b *fileKey) []decode.Finding {
	if a.stem != b.stem || a.public == nil || b.public == nil || a.public.Equal(b.public) {
		return nil
	}
	evidence := []decode.Evidence{
		a.shows(0, len(a.der), "the key "+lightssl.Fingerprint(a.public)),
		b.shows(0, len(b.der), "the key "+lightssl.Fingerprint(b.public)),
	}
	if a.pem != b.pem {
		return fileFinding("PH-04", Certain, "", evidence...)
	}
	if _, err := lightssl.ParseDeviceID(path.Base(a.stem)); err == nil {
		return fileFinding("PH-09", Certain, "two files with the device's name hold different keys", evidence...)
	}
	return fileFinding("PH-01", Likely, "the public file is not the public half of the private one: a device that is given it holds another server's key", evidence...)
}

// stem is a file's name without what says which form of a key it holds.
func stem(name string) string {
	for {
		ext := path.Ext(name)
		switch ext {
		case ".pem", ".der", ".pub", ".key":
			name = strings.TrimSuffix(name, ext)
		default:
			return name
		}
	}
}

func (k *fileKey) shows(start, end int, what string) decode.Evidence {
	return decode.Evidence{Name: k.Name, Layer: "file", Start: start, End: end, Shows: what}
}

func fileFinding(id, sure, title string, evidence ...decode.Evidence) []decode.Finding {
	cause, nowhere := Find(id), Place{}
	f := decode.Finding{ID: id, Title: title, Confidence: sure, Evidence: evidence, Device: nowhere.Fill(cause.Device)}
	if title == "" {
		f.Title = cause.Title
	}
	for _, step := range cause.Remedy {
		f.Remedy = append(f.Remedy, nowhere.Fill(step))
	}
	return []decode.Finding{f}
}
