package contract

import (
	"bytes"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
)

var (
	linkNow   = time.Unix(1_800_000_000, 250_000_000)
	linkAlice = ident.AccountID{1, 2, 3}
	linkBob   = ident.AccountID{1, 2, 4}
)

// Links holds a signer of links to its promises. open makes one that asks now
// what time it is; all that it makes share their secrets.
func Links(t *testing.T, open func(t *testing.T, now func() time.Time) link.Signer) {
	at := linkNow
	s := open(t, func() time.Time { return at })
	grant := link.Grant{Method: http.MethodGet, Path: "/media/0190/w320.jpg", Viewer: linkAlice, ExpiresAt: linkNow.Add(time.Minute)}

	t.Run("what is granted is allowed", func(t *testing.T) {
		for _, path := range []string{"/", "/a b", "/media/%2e%2e/x", "/사진/é.jpg", "/a?b=c&exp=1", "/a#b", "/a+b;c=d", "/a\nb", "/media/x:y"} {
			g := grant
			g.Path = path
			u := linkParsed(t, s.Sign(g))
			if u.Path != path || u.Host != "" {
				t.Errorf("the link for %q leads to %q", path, u)
			}
			got, err := s.Check(g.Method, u.Path, u.Query(), linkAlice)
			if err != nil || got.Method != "GET" || got.Path != path || got.Viewer != linkAlice || !got.ExpiresAt.Equal(g.ExpiresAt.Truncate(time.Second)) {
				t.Errorf("%q: %+v, %v", path, got, err)
			}
		}
	})
	t.Run("the link has its four parameters", func(t *testing.T) {
		u := linkParsed(t, s.Sign(grant))
		q := u.Query()
		want := strconv.FormatInt(grant.ExpiresAt.Unix(), 10)
		if len(q) != 4 || q.Get("exp") != want || q.Get("vid") != linkAlice.String() || q.Get("kid") == "" || q.Get("sig") == "" {
			t.Errorf("%q", u.RawQuery)
		}
	})
	t.Run("equal grants give equal links, other ones do not", func(t *testing.T) {
		if one, two := s.Sign(grant), s.Sign(grant); one != two {
			t.Errorf("%s\n%s", one, two)
		}
		other := grant
		other.Method = http.MethodPut
		if s.Sign(other) == s.Sign(grant) {
			t.Error("PUT is signed as GET is")
		}
	})
	t.Run("the right to GET is the right to HEAD, and to nothing else", func(t *testing.T) {
		for granted, allowed := range map[string][]string{"GET": {"GET", "HEAD"}, "PUT": {"PUT"}, "HEAD": {"HEAD"}} {
			g := grant
			g.Method = granted
			q := linkParsed(t, s.Sign(g)).Query()
			for _, method := range []string{"GET", "HEAD", "PUT", "POST", "DELETE", "get", ""} {
				want := strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+method+" ") && method != ""
				if _, err := s.Check(method, g.Path, q, linkAlice); (err == nil) != want {
					t.Errorf("%s for %q: %v", granted, method, err)
				}
			}
		}
	})
	t.Run("a link is for its viewer, or for anyone", func(t *testing.T) {
		q := linkParsed(t, s.Sign(grant)).Query()
		linkRefused(t, s, "another viewer", "GET", grant.Path, q, linkBob)
		linkRefused(t, s, "nobody", "GET", grant.Path, q, ident.AccountID{})
		open := grant
		open.Viewer = ident.AccountID{}
		q = linkParsed(t, s.Sign(open)).Query()
		for _, viewer := range []ident.AccountID{{}, linkAlice, linkBob} {
			if got, err := s.Check("GET", grant.Path, q, viewer); err != nil || !got.Viewer.IsZero() {
				t.Errorf("for anyone, but not for %s: %+v, %v", viewer, got, err)
			}
		}
	})
	t.Run("a link ends at its second, and never later", func(t *testing.T) {
		defer func() { at = linkNow }()
		q := linkParsed(t, s.Sign(grant)).Query()
		end := time.Unix(grant.ExpiresAt.Unix(), 0)
		for after, want := range map[time.Duration]bool{-time.Hour: true, -time.Nanosecond: true, 0: false, time.Nanosecond: false, time.Hour: false} {
			at = end.Add(after)
			if _, err := s.Check("GET", grant.Path, q, linkAlice); (err == nil) != want {
				t.Errorf("%s after the end: %v", after, err)
			}
		}
	})
	t.Run("other servers with the same secrets agree", func(t *testing.T) {
		other := open(t, func() time.Time { return at })
		if one, two := s.Sign(grant), other.Sign(grant); one != two {
			t.Errorf("%s\n%s", one, two)
		}
	})
	linkForgeries(t, s, grant)
}

// linkForgeries changes one thing at a time.
func linkForgeries(t *testing.T, s link.Signer, grant link.Grant) {
	honest := linkParsed(t, s.Sign(grant)).Query()
	sig, later := honest.Get("sig"), strconv.FormatInt(grant.ExpiresAt.Unix()+1, 10)
	refuse := func(name, path string, q url.Values) {
		t.Run("refused: "+name, func(t *testing.T) { linkRefused(t, s, name, "GET", path, q, linkAlice) })
	}
	for _, path := range []string{"/media/0190/w2048.jpg", "/media/0190/w320.jpg/", "/media/0190/../0190/w320.jpg", "media/0190/w320.jpg", "/MEDIA/0190/w320.jpg", ""} {
		refuse("the path "+path, path, honest)
	}
	refuse("no query", grant.Path, nil)
	for name, values := range map[string][]string{
		"exp": {later, "", "0", "-1", "+" + honest.Get("exp"), "0" + honest.Get("exp"), honest.Get("exp") + " ", "99999999999999999999", "1e10", "0x6b49d200"},
		"vid": {"-", "", linkBob.String(), strings.ToUpper(linkAlice.String()) + " ", ident.AccountID{}.String()},
		"kid": {"", "-", "x", honest.Get("kid") + "x", "../../etc/passwd", strings.Repeat("k", 100_000)},
		"sig": {
			"", sig[1:], sig + "A", sig + "=", sig + "\n", sig[:10] + "\n" + sig[10:], " " + sig, textChanged(sig, 0), textChanged(sig, len(sig)/2),
			textLastBits(sig), strings.Repeat("A", len(sig)), strings.Repeat("x", 100_000), "-_", "+/+/",
		},
	} {
		without := maps.Clone(honest)
		delete(without, name)
		refuse("no "+name, grant.Path, without)
		twice := maps.Clone(honest)
		twice[name] = append([]string{honest.Get(name)}, honest.Get(name))
		refuse(name+" twice", grant.Path, twice)
		for _, v := range values {
			forged := maps.Clone(honest)
			forged[name] = []string{v}
			refuse(name+" is "+v[:min(len(v), 50)], grant.Path, forged)
		}
	}
	more := maps.Clone(honest)
	more["x"] = []string{""}
	refuse("one parameter more", grant.Path, more)
	t.Run("refused: values that were moved into each other", func(t *testing.T) {
		g := grant
		g.Path = "/a1"
		q := linkParsed(t, s.Sign(g)).Query()
		q.Set("exp", "1"+q.Get("exp"))
		linkRefused(t, s, "moved", "GET", "/a", q, linkAlice)
	})
}

func linkRefused(t *testing.T, s link.Signer, what, method, path string, query url.Values, viewer ident.AccountID) {
	t.Helper()
	got, err := s.Check(method, path, query, viewer)
	if got != (link.Grant{}) {
		t.Errorf("%s: %+v is granted", what, got)
	}
	if err == nil {
		t.Errorf("%s is allowed", what)
	} else if err != error(link.ErrRefused) { //nolint:errorlint // always the same one, whatever is wrong
		t.Errorf("%s: the answer tells more than ErrRefused: %v", what, err)
	}
}

func linkParsed(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// textChanged is a text with another character at i.
func textChanged(text string, i int) string {
	c := "A"
	if text[i] == 'A' {
		c = "B"
	}
	return text[:i] + c + text[i+1:]
}

// textLastBits changes the bits of the last character that a lenient decoder of
// base64 drops.
func textLastBits(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	i := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + string(alphabet[i^1])
}

// Seals holds a sealer to its promises. All that open makes share their secrets.
func Seals(t *testing.T, open func(t *testing.T) link.Sealer) {
	s := open(t)
	t.Run("what was sealed is unsealed, by all who share the secrets", func(t *testing.T) {
		for _, data := range [][]byte{nil, {0}, []byte("position 7"), bytes.Repeat([]byte{255}, 10_000)} {
			text := s.Seal("cursor", data)
			if got, err := open(t).Unseal("cursor", text); err != nil || !bytes.Equal(got, data) {
				t.Errorf("%q, %v", got, err)
			}
			if url.QueryEscape(text) != text {
				t.Errorf("%s has to be escaped", text)
			}
			if again := s.Seal("cursor", data); again != text {
				t.Errorf("equal data is sealed as %s and as %s", text, again)
			}
		}
	})
	text := s.Seal("cursor", []byte("position 7"))
	t.Run("a seal is good for its purpose alone", func(t *testing.T) {
		for _, purpose := range []string{"", "cursors", "curso", "Cursor", "cursor "} {
			if _, err := s.Unseal(purpose, text); !errors.Is(err, link.ErrSeal) {
				t.Errorf("for %q: %v", purpose, err)
			}
		}
	})
	t.Run("a text that was changed is refused", func(t *testing.T) {
		forged := []string{"", "A", "!", text + "A", text[1:], text[:len(text)-1], text + "=", text + "\n", "\r\n" + text, text[:8] + "\n" + text[8:], textLastBits(text), strings.Repeat("A", 22), strings.Repeat("A", 1<<20)}
		for i := range text {
			forged = append(forged, textChanged(text, i))
		}
		for _, f := range forged {
			if data, err := s.Unseal("cursor", f); !errors.Is(err, link.ErrSeal) || data != nil {
				t.Errorf("%.80q: %q, %v", f, data, err)
			}
		}
	})
}
