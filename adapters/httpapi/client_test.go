package httpapi

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}

// from is where a server with those proxies takes a request to come from.
func from(t testing.TB, peer string, header http.Header) string {
	var at netip.Addr
	d := &door{proxies: trusted, log: slog.New(slog.DiscardHandler), next: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		at = clientOf(r.Context())
	})}
	r := httptest.NewRequestWithContext(&visit{Context: t.Context()}, http.MethodGet, "/", nil)
	r.RemoteAddr, r.Header = peer, header
	d.ServeHTTP(httptest.NewRecorder(), r)
	if !at.IsValid() {
		return ""
	}
	return at.String()
}

func TestClientAddress(t *testing.T) {
	const proxy, stranger = "10.0.0.1:5000", "203.0.113.9:5000"
	xff := func(lines ...string) http.Header { return http.Header{"X-Forwarded-For": lines} }
	forwarded := func(lines ...string) http.Header { return http.Header{"Forwarded": lines} }
	for name, c := range map[string]struct {
		peer   string
		header http.Header
		want   string
	}{
		"nobody in front":                                 {stranger, nil, "203.0.113.9"},
		"a stranger says anything":                        {stranger, xff("198.51.100.1"), "203.0.113.9"},
		"a stranger says anything in the standard way":    {stranger, forwarded("for=198.51.100.1"), "203.0.113.9"},
		"a proxy names its client":                        {proxy, xff("198.51.100.1"), "198.51.100.1"},
		"a proxy that says nothing":                       {proxy, nil, "10.0.0.1"},
		"a client that made up hops before":               {proxy, xff("192.0.2.66, 198.51.100.1"), "198.51.100.1"},
		"hops that were made up in a line of their own":   {proxy, xff("192.0.2.66", "198.51.100.1"), "198.51.100.1"},
		"garbage that a client made up":                   {proxy, xff("'; DROP TABLE,, 198.51.100.1"), "198.51.100.1"},
		"two proxies of ours":                             {proxy, xff("192.0.2.66, 198.51.100.1, 10.1.2.3"), "198.51.100.1"},
		"proxies all the way":                             {proxy, xff("10.9.9.9, 10.1.2.3"), "10.9.9.9"},
		"a client that says it is a proxy":                {proxy, xff("10.6.6.6, 198.51.100.1"), "198.51.100.1"},
		"a proxy that wrote what cannot be read":          {proxy, xff("198.51.100.1, unknown"), "10.0.0.1"},
		"nothing behind the last comma":                   {proxy, xff("198.51.100.1, "), "10.0.0.1"},
		"an empty header":                                 {proxy, xff(""), "10.0.0.1"},
		"a port":                                          {proxy, xff("198.51.100.1:4711"), "198.51.100.1"},
		"version 6":                                       {proxy, xff("2001:DB8::1"), "2001:db8::1"},
		"version 6 with a port":                           {proxy, xff("[2001:db8::1]:4711"), "2001:db8::1"},
		"version 6 in brackets":                           {proxy, xff("[2001:db8::1]"), "2001:db8::1"},
		"version 4 in version 6":                          {"[::ffff:10.0.0.1]:5000", xff("::ffff:198.51.100.1"), "198.51.100.1"},
		"version 4 in brackets":                           {proxy, xff("[198.51.100.1]"), "10.0.0.1"},
		"a zone":                                          {proxy, xff("fe80::1%eth0"), "fe80::1"},
		"a proxy of version 6":                            {"[2001:db8:ffff::5]:1", xff("198.51.100.1"), "198.51.100.1"},
		"the standard way":                                {proxy, forwarded(`for=198.51.100.1;proto=https;by=10.0.0.1`), "198.51.100.1"},
		"the standard way, with quotes":                   {proxy, forwarded(`for=192.0.2.66, Proto=https ; For="[2001:db8::1]:4711"`), "2001:db8::1"},
		"a comma in quotes":                               {proxy, forwarded(`for="192.0.2.66, for=192.0.2.67", for=198.51.100.1`), "198.51.100.1"},
		"quotes that never end":                           {proxy, forwarded(`for=198.51.100.1, for="10.0.0.2`), "10.0.0.1"},
		"a hidden client":                                 {proxy, forwarded(`for=_hidden`), "10.0.0.1"},
		"an element without a client":                     {proxy, forwarded(`for=198.51.100.1, proto=https`), "10.0.0.1"},
		"an element with two clients":                     {proxy, forwarded(`for=198.51.100.1;for=192.0.2.66`), "10.0.0.1"},
		"both ways, and they agree":                       {proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "Forwarded": {"for=198.51.100.1"}}, "198.51.100.1"},
		"the way that the proxy lets pass is the clients": {proxy, http.Header{"X-Forwarded-For": {"198.51.100.1"}, "Forwarded": {"for=192.0.2.66"}}, "10.0.0.1"},
		"no address at all":                               {"@", xff("198.51.100.1"), ""},
	} {
		if got := from(t, c.peer, c.header); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	t.Run("other headers are never believed", func(t *testing.T) {
		for _, name := range []string{"X-Real-Ip", "X-Client-Ip", "Cf-Connecting-Ip", "True-Client-Ip", "X-Forwarded-Host", "X-Forwarded"} {
			if got := from(t, proxy, http.Header{name: {"198.51.100.1"}}); got != "10.0.0.1" {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

func TestForgottenProxyIsToldOnce(t *testing.T) {
	var log bytes.Buffer
	d := &door{log: slog.New(slog.NewTextHandler(&log, nil)), next: http.NotFoundHandler()}
	for _, peer := range []string{"203.0.113.9:1", "127.0.0.1:1", "127.0.0.1:1"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		d.ServeHTTP(httptest.NewRecorder(), r)
	}
	if strings.Count(log.String(), "http.trusted_proxies") != 1 || !strings.Contains(log.String(), "peer=127.0.0.1") {
		t.Error(log.String())
	}
}

// FuzzClientAddress holds what clients may write to not changing who they are.
func FuzzClientAddress(f *testing.F) {
	for _, text := range []string{"", "1.2.3.4", `for="[::1]:1"`, `"`, `\`, "a,b;c=d", "[", "10.0.0.1"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, before, other string) {
		h := http.Header{"X-Forwarded-For": {before + ", 198.51.100.1"}}
		if got := from(t, "10.0.0.1:1", h); got != "198.51.100.1" {
			t.Errorf("%q: %s", before, got)
		}
		h["Forwarded"] = []string{other}
		if got := from(t, "10.0.0.1:1", h); got != "198.51.100.1" && got != "10.0.0.1" {
			t.Errorf("%q and %q: %s", before, other, got)
		}
	})
}
