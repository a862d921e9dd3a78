package keyring

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
)

// key is one key and what is derived from it.
type key struct {
	private ed25519.PrivateKey
	id      string // RFC 7638 thumbprint
	short   string // its beginning, for links
	link    []byte
}

var base64url = base64.RawURLEncoding

func generate(random io.Reader) (key, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return key{}, err
	}
	return newKey(ed25519.NewKeyFromSeed(seed)), nil
}

func newKey(private ed25519.PrivateKey) key {
	k := key{private: private}
	// The members that RFC 7638 names, in its order, without spaces.
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + k.x() + `"}`))
	k.id = base64url.EncodeToString(sum[:])
	k.short = k.id[:8]
	k.link = k.derive("sajin link v1")
	return k
}

func (k key) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

func (k key) x() string { return base64url.EncodeToString(k.public()) }

// derive makes a secret for one use, which tells nothing of the others.
func (k key) derive(use string) []byte {
	secret, err := hkdf.Key(sha256.New, k.private.Seed(), nil, use, 32)
	if err != nil {
		panic("keyring: " + err.Error()) // of 32 bytes there are enough
	}
	return secret
}

// jwk is a public key as in RFC 8037.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Use   string `json:"use"`
	Alg   string `json:"alg"`
	ID    string `json:"kid"`
}

func newKeys(all []key, file os.FileInfo) *keys {
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range all {
		set.Keys = append(set.Keys, jwk{Type: "OKP", Curve: "Ed25519", X: k.x(), Use: "sig", Alg: "EdDSA", ID: k.id})
	}
	jwks, err := json.Marshal(set)
	if err != nil {
		panic("keyring: " + err.Error()) // strings are JSON
	}
	return &keys{all: all, file: file, jwks: jwks}
}
