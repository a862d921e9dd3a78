package keyring

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/sajin-sns/sajin/ports/link"
)

var _ link.Sealer = (*Ring)(nil)

const sealSize = 16

// Seal implements link.Sealer: data, which is not encrypted, and 16 bytes of
// HMAC-SHA256 with a secret of its purpose alone, in base64url.
func (r *Ring) Seal(purpose string, data []byte) string {
	sealed := append([]byte(nil), data...)
	return base64url.EncodeToString(append(sealed, r.signer().seal(purpose, data)...))
}

// Unseal implements link.Sealer.
func (r *Ring) Unseal(purpose, text string) ([]byte, error) {
	sealed, err := base64url.DecodeString(text)
	if err != nil || len(sealed) < sealSize || base64url.EncodeToString(sealed) != text { // one spelling only
		return nil, link.ErrSeal
	}
	data, mac := sealed[:len(sealed)-sealSize], sealed[len(sealed)-sealSize:]
	for _, k := range r.current().all {
		if hmac.Equal(k.seal(purpose, data), mac) {
			return data, nil
		}
	}
	return nil, link.ErrSeal
}

func (k key) seal(purpose string, data []byte) []byte {
	mac := hmac.New(sha256.New, k.derive("sajin seal v1 "+purpose))
	mac.Write(data)
	return mac.Sum(nil)[:sealSize]
}
