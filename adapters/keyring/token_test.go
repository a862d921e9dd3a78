package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	"github.com/sajin-sns/sajin/ports/token"
)

var (
	noon  = time.Unix(1_800_000_000, 0).UTC()
	atOne = func() time.Time { return noon }
)

// TestKeyID is the example of RFC 8037, appendix A.3.
func TestKeyID(t *testing.T) {
	seed, err := base64url.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	if err != nil {
		t.Fatal(err)
	}
	k := newKey(ed25519.NewKeyFromSeed(seed))
	if want := "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"; k.x() != want {
		t.Errorf("x is %s", k.x())
	}
	if want := "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; k.id != want {
		t.Errorf("the thumbprint is %s", k.id)
	}
}

// TestSignedNonsense is about tokens that our own key has signed: nothing but
// the checks stands in their way.
func TestSignedNonsense(t *testing.T) {
	r := New(rand.Reader)
	k, stranger := r.signer(), New(rand.Reader).signer()
	tokens := r.Tokens(issuer, atOne)
	sign := func(k key, header, payload string) string {
		text := base64url.EncodeToString([]byte(header)) + "." + base64url.EncodeToString([]byte(payload))
		return text + "." + base64url.EncodeToString(ed25519.Sign(k.private, []byte(text)))
	}
	header := `{"alg":"EdDSA","kid":"` + k.id + `","typ":"JWT"}`
	payload := `{"iss":"https://sajin.example","aud":"https://sajin.example","sub":"01000000-0000-0000-0000-000000000000",` +
		`"sid":"02000000-0000-0000-0000-000000000000","role":"fan","iat":1800000000,"exp":1800000900}`

	accepted := map[string]string{
		"as it should be":               payload,
		"issued by a clock ahead":       strings.Replace(payload, `"iat":1800000000`, `"iat":1800000030`, 1),
		"not before now":                strings.Replace(payload, `"iat"`, `"nbf":1800000000,"iat"`, 1),
		"not before by a clock ahead":   strings.Replace(payload, `"iat"`, `"nbf":1800000030,"iat"`, 1),
		"with a claim of later servers": strings.Replace(payload, `"iat"`, `"x":{"iat":[1]},"iat"`, 1),
	}
	for name, text := range accepted {
		c, err := tokens.Verify(sign(k, header, text))
		if err != nil || c.Account != (ident.AccountID{1}) || c.Session != (ident.SessionID{2}) || c.Role != "fan" || !c.ExpiresAt.Equal(noon.Add(15*time.Minute)) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}

	refuse := func(name, text string, want error) {
		t.Helper()
		if c, err := tokens.Verify(text); err != want || c != (token.Claims{}) { //nolint:errorlint // always the same one, whatever is wrong
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for name, h := range map[string]string{
		"alg none":         strings.Replace(header, "EdDSA", "none", 1),
		"alg in lower":     strings.Replace(header, "EdDSA", "eddsa", 1),
		"alg HS256":        strings.Replace(header, "EdDSA", "HS256", 1),
		"alg ES256":        strings.Replace(header, "EdDSA", "ES256", 1),
		"no alg":           strings.Replace(header, `"alg":"EdDSA",`, "", 1),
		"alg twice":        strings.Replace(header, `{`, `{"alg":"none",`, 1),
		"no kid":           `{"alg":"EdDSA","typ":"JWT"}`,
		"kid twice":        strings.Replace(header, `{`, `{"kid":"`+k.id+`",`, 1),
		"an empty kid":     strings.Replace(header, k.id, "", 1),
		"an unknown kid":   strings.Replace(header, k.id, stranger.id, 1),
		"the short kid":    strings.Replace(header, k.id, k.short, 1),
		"kid traversal":    strings.Replace(header, k.id, "../../../../dev/null", 1),
		"kid injection":    strings.Replace(header, k.id, "x' UNION SELECT 'x", 1),
		"kid of a number":  strings.Replace(header, `"`+k.id+`"`, "0", 1),
		"kid of a list":    strings.Replace(header, `"`+k.id+`"`, `["`+k.id+`"]`, 1),
		"another typ":      strings.Replace(header, "JWT", "at+jwt", 1),
		"typ in lower":     strings.Replace(header, "JWT", "jwt", 1),
		"no typ":           strings.Replace(header, `,"typ":"JWT"`, "", 1),
		"typ null":         strings.Replace(header, `"JWT"`, "null", 1),
		"critical things":  strings.Replace(header, `{`, `{"crit":["x"],"x":1,`, 1),
		"a key of its own": strings.Replace(header, `{`, `{"jwk":{"kty":"OKP","crv":"Ed25519","x":"`+stranger.x()+`"},`, 1),
		"keys elsewhere":   strings.Replace(header, `{`, `{"jku":"https://evil.example/keys",`, 1),
		"more after it":    header + `{}`,
		"a list":           `["EdDSA"]`,
	} {
		refuse(name, sign(k, h, payload), token.ErrInvalid)
	}
	refuse("signed by a stranger", sign(stranger, header, payload), token.ErrInvalid)
	refuse("signed by a stranger who says so", sign(stranger, strings.Replace(header, k.id, stranger.id, 1), payload), token.ErrInvalid)

	for name, change := range map[string][2]string{
		"another issuer":        {`"iss":"https://sajin.example"`, `"iss":"https://sajin.example.evil"`},
		"no issuer":             {`"iss":"https://sajin.example",`, ``},
		"issuer null":           {`"iss":"https://sajin.example"`, `"iss":null`},
		"issuer twice":          {`{`, `{"iss":"https://evil.example",`},
		"another audience":      {`"aud":"https://sajin.example"`, `"aud":"https://other.example"`},
		"no audience":           {`"aud":"https://sajin.example",`, ``},
		"several audiences":     {`"aud":"https://sajin.example"`, `"aud":["https://sajin.example"]`},
		"no account":            {`"sub"`, `"SUB"`},
		"the account zero":      {`"sub":"01`, `"sub":"00`},
		"an account of words":   {`"sub":"01000000-0000-0000-0000-000000000000"`, `"sub":"admin"`},
		"account twice":         {`{`, `{"sub":"03000000-0000-0000-0000-000000000000",`},
		"no session":            {`"sid"`, `"x"`},
		"the session zero":      {`"sid":"02`, `"sid":"00`},
		"no role":               {`"role":"fan",`, ``},
		"role twice":            {`"role":"fan"`, `"role":"admin","role":"fan"`},
		"role twice, escaped":   {`"role":"fan"`, `"role":"fan","\u0072ole":"admin"`},
		"role of a list":        {`"role":"fan"`, `"role":["fan"]`},
		"no end":                {`,"exp":1800000900`, ``},
		"end null":              {`"exp":1800000900`, `"exp":null`},
		"end in words":          {`"exp":1800000900`, `"exp":"1800000900"`},
		"end in fractions":      {`"exp":1800000900`, `"exp":1800000900.5`},
		"end out of reach":      {`"exp":1800000900`, `"exp":1e300`},
		"end twice":             {`"exp":1800000900`, `"exp":1800000900,"exp":9800000900`},
		"no beginning":          {`"iat":1800000000,`, ``},
		"issued in the future":  {`"iat":1800000000`, `"iat":1800000031`},
		"not before the future": {`"iat"`, `"nbf":1800000031,"iat"`},
		"not before null":       {`"iat"`, `"nbf":null,"iat"`},
		"no object":             {payload, `[` + payload + `]`},
		"null":                  {payload, `null`},
		"nothing":               {payload, ``},
		"more after it":         {payload, payload + `{"role":"admin"}`},
		"cut short":             {payload, payload[:len(payload)-1]},
		"oversized":             {`"fan"`, `"` + strings.Repeat("x", maxToken) + `"`},
		"expired, and not ours": {payload, strings.NewReplacer(`"iss":"https`, `"iss":"http`, "1800000900", "1700000000").Replace(payload)},
	} {
		text := strings.Replace(payload, change[0], change[1], 1)
		if text == payload {
			t.Errorf("%s changes nothing", name)
		}
		refuse(name, sign(k, header, text), token.ErrInvalid)
	}
	refuse("expired", sign(k, header, strings.Replace(payload, "1800000900", "1800000000", 1)), token.ErrExpired)
}

func TestMembers(t *testing.T) {
	if m, err := members([]byte(` {"a":1,"b":{"a":2}} `)); err != nil || len(m) != 2 || string(m["a"]) != "1" {
		t.Errorf("%s, %v", m, err)
	}
	for _, text := range []string{``, `{`, `{}{}`, `{} x`, `{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `{"a"}`, `{"a":}`, `[1]`, `"a"`, `null`} {
		if m, err := members([]byte(text)); err == nil {
			t.Errorf("%s has %s", text, m)
		}
	}
}

func query(t *testing.T, text string) url.Values {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// The fuzzed texts are accepted when they are what was made here, to the byte,
// and never else.

func FuzzVerify(f *testing.F) {
	tokens := New(rand.Reader).Tokens(issuer, atOne)
	made, err := tokens.Issue(token.Claims{Account: ident.AccountID{1}, Session: ident.SessionID{2}, IssuedAt: noon, ExpiresAt: noon.Add(time.Minute)})
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range []string{made, "", "..", made + "\n", made + "=", strings.ToUpper(made), "eyJhbGciOiJub25lIn0.e30."} {
		f.Add(text, uint16(0), byte(0))
	}
	f.Add("", uint16(100), byte(1))
	f.Fuzz(func(t *testing.T, text string, at uint16, flip byte) {
		mutant := []byte(made)
		mutant[int(at)%len(mutant)] ^= flip
		for _, text := range []string{text, string(mutant)} {
			if c, err := tokens.Verify(text); (err == nil) != (text == made) {
				t.Errorf("%q: %+v, %v", text, c, err)
			}
		}
	})
}

func FuzzCheck(f *testing.F) {
	links := New(rand.Reader).Links(atOne)
	g := link.Grant{Method: "GET", Path: "/media/x.jpg", Viewer: ident.AccountID{1}, ExpiresAt: noon.Add(time.Minute)}
	made, err := url.Parse(links.Sign(g))
	if err != nil {
		f.Fatal(err)
	}
	whole := made.Query().Encode()
	for _, q := range []string{made.RawQuery, "", "exp=1&vid=-&kid=x&sig=x", made.RawQuery + "&exp=9", made.RawQuery + "%0a", made.RawQuery + "="} {
		f.Add("GET", g.Path, q)
	}
	f.Fuzz(func(t *testing.T, method, path, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		want := q.Encode() == whole && path == g.Path && (method == "GET" || method == "HEAD")
		if _, err := links.Check(method, path, q, g.Viewer); (err == nil) != want {
			t.Errorf("%q %q %q: %v", method, path, raw, err)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	r := New(rand.Reader)
	made := r.Seal("cursor", []byte("position 7"))
	for _, text := range []string{made, "", "A", made + "\n", made + "=", made[1:]} {
		f.Add("cursor", text)
	}
	f.Fuzz(func(t *testing.T, purpose, text string) {
		if data, err := r.Unseal(purpose, text); (err == nil) != (purpose == "cursor" && text == made) {
			t.Errorf("%q, %q: %q, %v", purpose, text, data, err)
		}
		if data, err := r.Unseal(purpose, r.Seal(purpose, []byte(text))); err != nil || string(data) != text {
			t.Errorf("%q, %q: %q, %v", purpose, text, data, err)
		}
	})
}
