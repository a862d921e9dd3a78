package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/ports/link"
)

// linkPrefix makes the secrets of links easy to recognise where they must not
// be: in logs, in public repositories.
const linkPrefix = "sjl_"

// linkSecret is the end of a link that somebody is mailed, and the digest of it
// that is stored. It is made of a nonce that is written down with the letter and
// of this server's key, so that the same letter always has the same link, and
// whoever reads the database has none.
func linkSecret(sealer link.Sealer, purpose string, nonce []byte) (text string, hash [32]byte) {
	secret := sha256.Sum256([]byte(sealer.Seal("link:"+purpose, nonce)))
	text = linkPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return text, sha256.Sum256([]byte(text))
}

// linkDigest is the digest of a secret that somebody shows; false if it is none
// of ours by its form.
func linkDigest(text string) ([32]byte, bool) {
	encoded, ok := strings.CutPrefix(text, linkPrefix)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(32) {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte(text)), true
}

// redeem uses a link up in ctx's transaction, and answers the account that it is
// about, locked, and the address that it was mailed to. The account comes first,
// as everywhere: of two who would wait for each other, both would.
func (s *Shared) redeem(ctx context.Context, purpose string, hash [32]byte) (a *accounts.Account, address string, err error) {
	token, err := s.Tokens.Look(ctx, purpose, hash, s.Now())
	if err != nil {
		return nil, "", err
	}
	if a, err = s.Accounts.Lock(ctx, token.Account); err != nil {
		return nil, "", err
	}
	_, err = s.Tokens.Redeem(ctx, purpose, hash, s.Now())
	return a, token.Payload, err
}
