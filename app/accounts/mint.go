package accounts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/token"
)

// Mint makes the tokens of sessions.
type Mint struct {
	Tokens     token.Issuer
	Random     io.Reader     // of the refresh token that a session begins with
	Sealer     link.Sealer   // of those that follow it
	AccessTTL  time.Duration // how long an access token is good for
	RefreshTTL time.Duration // how long a session lasts without being refreshed
}

// Grant is what a client holds while it is signed in. Nothing of it may be
// logged.
type Grant struct {
	Account      ident.AccountID
	Session      ident.SessionID
	AccessToken  string
	ExpiresIn    time.Duration // of the access token
	RefreshToken string
	DeviceToken  string // of a session that was just opened: to be shown when the account signs in again
}

func (m Mint) grant(s accounts.SessionRecord, role accounts.Role, refresh refreshToken, now time.Time) (Grant, error) {
	expiresIn := max(time.Second, min(m.AccessTTL, s.ExpiresAt.Sub(now)))
	access, err := m.Tokens.Issue(token.Claims{
		Account: s.Account, Session: s.ID, Role: string(role), IssuedAt: now, ExpiresAt: now.Add(expiresIn),
	})
	if err != nil {
		return Grant{}, fmt.Errorf("issue access token: %w", err)
	}
	return Grant{Account: s.Account, Session: s.ID, AccessToken: access, ExpiresIn: expiresIn, RefreshToken: refresh.text}, nil
}

// opened is the grant of a session that begins.
func (m Mint) opened(s accounts.SessionRecord, role accounts.Role, refresh refreshToken, now time.Time) (Grant, error) {
	g, err := m.grant(s, role, refresh, now)
	account, session := s.Account.Bytes(), s.ID.Bytes()
	g.DeviceToken = devicePrefix + m.Sealer.Seal("device", append(account[:], session[:]...))
	return g, err
}

const devicePrefix = "sjd_"

// device is the name of the device that holds a token, which is that of the
// session that it was first given with; false if the token is not the account's.
// Nobody is let in by it: see Attempts.
func (m Mint) device(token string, account ident.AccountID) (string, bool) {
	text, ok := strings.CutPrefix(token, devicePrefix)
	if !ok || account.IsZero() {
		return "", false
	}
	data, err := m.Sealer.Unseal("device", text)
	owner := account.Bytes()
	if err != nil || len(data) != 2*len(owner) || [16]byte(data[:16]) != owner {
		return "", false
	}
	return hex.EncodeToString(data[16:]), true
}

// refreshPrefix makes refresh tokens easy to recognise where they must not be:
// in logs, in public repositories.
const refreshPrefix = "sjr_"

// refreshToken is a secret that its holder alone has, and the digest of it that
// is stored. Nobody can guess it, so no salt and no slow hash is needed.
type refreshToken struct {
	text string
	hash [32]byte
}

func (m Mint) refreshToken() (refreshToken, error) {
	var secret [32]byte
	if _, err := io.ReadFull(m.Random, secret[:]); err != nil {
		return refreshToken{}, fmt.Errorf("make refresh token: %w", err)
	}
	return newRefreshToken(secret), nil
}

// successor is the token that is given for a token of this digest: always the
// same one, which this server alone can tell. So of two who show one token, a
// second tab or a thief, none has a chain of his own afterwards, that would go
// on unseen: they hold one token again, and the next use of it tells.
func (m Mint) successor(shown [32]byte) refreshToken {
	return newRefreshToken(sha256.Sum256([]byte(m.Sealer.Seal("refresh", shown[:]))))
}

func newRefreshToken(secret [32]byte) refreshToken {
	text := refreshPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return refreshToken{text, sha256.Sum256([]byte(text))}
}

// refreshDigest is the digest of a token that somebody shows; false if it is
// none of ours by its form.
func refreshDigest(text string) ([32]byte, bool) {
	encoded, ok := strings.CutPrefix(text, refreshPrefix)
	if !ok || len(encoded) != base64.RawURLEncoding.EncodedLen(32) {
		return [32]byte{}, false
	}
	return sha256.Sum256([]byte(text)), true
}
