package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/sajin-sns/sajin/ports/token"
)

const (
	maxToken = 4 << 10
	leeway   = 30 * time.Second // of the clocks of those who made the token
)

// Tokens makes and checks access tokens: JWTs, signed with EdDSA, for one
// issuer that is also their audience.
type Tokens struct {
	ring   *Ring
	issuer string
	now    func() time.Time
	parser *jwt.Parser
}

var _ token.Issuer = (*Tokens)(nil)

// Tokens makes tokens of the ring's keys. issuer is the public URL of the server.
func (r *Ring) Tokens(issuer string, now func() time.Time) *Tokens {
	return &Tokens{
		ring: r, issuer: issuer, now: now,
		// Claims are checked here: the parser would pass over names given twice.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithStrictDecoding(),
			jwt.WithoutClaimsValidation(),
		),
	}
}

// Issue implements token.Issuer.
func (t *Tokens) Issue(c token.Claims) (string, error) {
	if c.Account.IsZero() || c.Session.IsZero() {
		return "", errors.New("keyring: a token is of an account and a session")
	}
	if c.ExpiresAt.Unix() <= c.IssuedAt.Unix() {
		return "", errors.New("keyring: a token expires after it is issued")
	}
	k := t.ring.signer()
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
		"iss": t.issuer, "aud": t.issuer,
		"sub": c.Account.String(), "sid": c.Session.String(), "role": c.Role,
		"iat": c.IssuedAt.Unix(), "exp": c.ExpiresAt.Unix(),
	})
	made.Header["kid"] = k.id
	text, err := made.SignedString(k.private)
	if err == nil && len(text) > maxToken {
		err = errors.New("keyring: the claims are too long for a token")
	}
	if err != nil {
		return "", err
	}
	return text, nil
}

// Verify implements token.Issuer.
func (t *Tokens) Verify(text string) (token.Claims, error) {
	// The decoder of base64 passes over line ends.
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") {
		return token.Claims{}, token.ErrInvalid
	}
	if _, err := t.parser.Parse(text, t.key); err != nil {
		return token.Claims{}, token.ErrInvalid
	}
	var p payload
	if err := p.read(segment(text, 1)); err != nil {
		return token.Claims{}, token.ErrInvalid
	}
	now := t.now()
	latest := now.Add(leeway).Unix()
	if p.Issuer != t.issuer || p.Audience != t.issuer || p.IssuedAt > latest || p.NotBefore > latest {
		return token.Claims{}, token.ErrInvalid
	}
	c := token.Claims{Role: p.Role, IssuedAt: time.Unix(p.IssuedAt, 0).UTC(), ExpiresAt: time.Unix(p.ExpiresAt, 0).UTC()}
	err := errors.Join(c.Account.UnmarshalText([]byte(p.Subject)), c.Session.UnmarshalText([]byte(p.Session)))
	if err != nil || c.Account.IsZero() || c.Session.IsZero() {
		return token.Claims{}, token.ErrInvalid
	}
	if now.Unix() >= p.ExpiresAt {
		return token.Claims{}, token.ErrExpired
	}
	return c, nil
}

// PublicKeys implements token.Issuer.
func (t *Tokens) PublicKeys() []byte { return bytes.Clone(t.ring.current().jwks) }

// key finds the key that a token says it was signed with. Its header must hold
// what ours do and nothing else.
func (t *Tokens) key(parsed *jwt.Token) (any, error) {
	header, err := members(segment(parsed.Raw, 0))
	if err != nil || len(header) != 3 || parsed.Header["typ"] != "JWT" {
		return nil, token.ErrInvalid
	}
	for _, k := range t.ring.current().all {
		if parsed.Header["kid"] == k.id {
			return k.public(), nil
		}
	}
	return nil, token.ErrInvalid
}

// segment decodes one of the dotted parts of a token; nothing if it cannot be.
func segment(text string, n int) []byte {
	parts := strings.Split(text, ".")
	if n >= len(parts) {
		return nil
	}
	data, err := base64url.DecodeString(parts[n])
	if err != nil {
		return nil
	}
	return data
}

// payload is what a token carries.
type payload struct {
	Issuer, Audience, Subject, Session, Role string
	IssuedAt, NotBefore, ExpiresAt           int64
}

// read takes each claim by its exact name, and knows of no other ones.
func (p *payload) read(data []byte) error {
	claims, err := members(data)
	if err != nil {
		return err
	}
	if _, there := claims["nbf"]; !there {
		claims["nbf"] = claims["iat"]
	}
	for name, into := range map[string]any{
		"iss": &p.Issuer, "aud": &p.Audience, "sub": &p.Subject, "sid": &p.Session, "role": &p.Role,
		"iat": &p.IssuedAt, "nbf": &p.NotBefore, "exp": &p.ExpiresAt,
	} {
		if value := claims[name]; value == nil || string(value) == "null" {
			return errors.New("there is no " + name)
		}
		if err := json.Unmarshal(claims[name], into); err != nil {
			return err
		}
	}
	return nil
}

// members takes one JSON object apart, and refuses names that are there twice:
// who reads the first must not understand another token than who reads the last.
func members(data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("it is no JSON object")
	}
	found := make(map[string]json.RawMessage)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		text, ok := name.(string)
		if _, twice := found[text]; twice || !ok {
			return nil, errors.New("a name is there twice")
		}
		found[text] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object")
	}
	return found, nil
}
