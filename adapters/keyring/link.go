package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
)

// Links signs links and checks them.
type Links struct {
	ring *Ring
	now  func() time.Time
}

var _ link.Signer = (*Links)(nil)

// Links signs with secrets derived from the ring's keys.
func (r *Ring) Links(now func() time.Time) *Links { return &Links{r, now} }

// anyone is the viewer of a link that is good for whoever holds it.
const anyone = "-"

// Sign implements link.Signer.
func (l *Links) Sign(g link.Grant) string {
	k := l.ring.signer()
	exp, vid := strconv.FormatInt(g.ExpiresAt.Unix(), 10), viewerText(g.Viewer)
	sig := k.signLink(g.Method, g.Path, exp, vid)
	u := url.URL{Path: g.Path, RawQuery: "exp=" + exp + "&vid=" + vid + "&kid=" + k.short + "&sig=" + sig}
	return u.String()
}

// Check implements link.Signer.
func (l *Links) Check(method, path string, query url.Values, viewer ident.AccountID) (link.Grant, error) {
	exp, vid, kid, sig := only(query, "exp"), only(query, "vid"), only(query, "kid"), only(query, "sig")
	if len(query) != 4 || !l.signed(method, path, exp, vid, kid, sig) {
		return link.Grant{}, link.ErrRefused
	}
	g := link.Grant{Method: method, Path: path}
	if vid != anyone {
		if vid != viewerText(viewer) {
			return link.Grant{}, link.ErrRefused
		}
		g.Viewer = viewer
	}
	until, err := strconv.ParseInt(exp, 10, 64)
	if err != nil || l.now().Unix() >= until {
		return link.Grant{}, link.ErrRefused
	}
	g.ExpiresAt = time.Unix(until, 0).UTC()
	return g, nil
}

func (l *Links) signed(method, path, exp, vid, kid, sig string) bool {
	for _, k := range l.ring.current().all {
		if k.short != kid {
			continue
		}
		// The signature is compared as text, so that it has one spelling.
		is := func(method string) bool {
			return hmac.Equal([]byte(k.signLink(method, path, exp, vid)), []byte(sig))
		}
		if is(method) || method == http.MethodHead && is(http.MethodGet) {
			return true
		}
	}
	return false
}

// signLink answers 32 bytes in base64url. Each value goes with its length, so
// that no two sets of values sign alike.
func (k key) signLink(values ...string) string {
	mac := hmac.New(sha256.New, k.link)
	for _, v := range values {
		mac.Write(binary.AppendUvarint(nil, uint64(len(v))))
		mac.Write([]byte(v))
	}
	return base64url.EncodeToString(mac.Sum(nil))
}

func viewerText(id ident.AccountID) string {
	if id.IsZero() {
		return anyone
	}
	return id.String()
}

// only answers the value of a parameter that is there once, or nothing.
func only(query url.Values, name string) string {
	if values := query[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}
