package oidctest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// Making keys takes long: each issuer of a process begins with the first one,
// and stranger is one that no issuer has published.
var (
	first    = sync.OnceValues(fresh)
	stranger = sync.OnceValues(fresh)
)

func fresh() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func newKey(t testing.TB, from func() (*rsa.PrivateKey, error)) *rsa.PrivateKey {
	t.Helper()
	k, err := from()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// sign makes a token of claims, as well or badly as it is told to.
func (i *Issuer) sign(claims map[string]any) string {
	k := i.keys[len(i.keys)-1]
	var (
		method jwt.SigningMethod = jwt.SigningMethodRS256
		with   any               = k.private
	)
	switch {
	case i.lies.Algorithm == "none":
		method, with = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType
	case i.lies.Algorithm == "HS256": // for who takes the public key for a secret
		der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
		if err != nil {
			panic(err)
		}
		method, with = jwt.SigningMethodHS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	case i.lies.Algorithm == "PS256": // which is no lie
		method = jwt.SigningMethodPS256
	case i.lies.WrongKey:
		other, err := stranger()
		if err != nil {
			panic(err)
		}
		with = other
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	token.Header["kid"] = k.id
	text, err := token.SignedString(with)
	if err != nil {
		panic(err)
	}
	return text
}
