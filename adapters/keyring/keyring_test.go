package keyring

import (
	"bytes"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/token"
	"github.com/sajin-sns/sajin/test/contract"
)

const issuer = "https://sajin.example"

// rings are the ways to have one: each answers what opens the same keys again.
func rings(t *testing.T) map[string]func(t *testing.T) *Ring {
	t.Helper()
	memory := New(rand.Reader)
	path := filepath.Join(t.TempDir(), "keys.pem")
	rotated := filepath.Join(t.TempDir(), "keys.pem")
	open(t, rotated)
	rotate(t, rotated)
	return map[string]func(t *testing.T) *Ring{
		"in memory":         func(*testing.T) *Ring { return memory },
		"in a file":         func(t *testing.T) *Ring { return open(t, path) },
		"in a rotated file": func(t *testing.T) *Ring { return open(t, rotated) },
	}
}

func TestContract(t *testing.T) {
	for name, ring := range rings(t) {
		t.Run("tokens "+name, func(t *testing.T) {
			contract.Tokens(t, func(t *testing.T, now func() time.Time) token.Issuer { return ring(t).Tokens(issuer, now) })
		})
		t.Run("links "+name, func(t *testing.T) {
			contract.Links(t, func(t *testing.T, now func() time.Time) link.Signer { return ring(t).Links(now) })
		})
		t.Run("seals "+name, func(t *testing.T) {
			contract.Seals(t, func(t *testing.T) link.Sealer { return ring(t) })
		})
	}
}

func TestSecretsAreApart(t *testing.T) {
	r := New(rand.Reader)
	k := r.signer()
	secrets := [][]byte{k.private.Seed(), k.link, k.derive("sajin seal v1 "), k.derive("sajin seal v1 cursor"), k.derive("sajin seal v1 link")}
	for i, a := range secrets {
		for _, b := range secrets[:i] {
			if bytes.Equal(a, b) {
				t.Errorf("two uses share a secret: %d", i)
			}
		}
	}
	if one, two := New(bytes.NewReader(make([]byte, 32))), New(bytes.NewReader(make([]byte, 32))); one.signer().id != two.signer().id {
		t.Error("equal randomness gives other keys")
	}
}

func open(t *testing.T, path string) *Ring {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func rotate(t *testing.T, path string) {
	t.Helper()
	if err := Rotate(path); err != nil {
		t.Fatal(err)
	}
}
