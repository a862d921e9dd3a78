package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// gallery is a world with a post that somebody has bought, and the link to it
// that the buyer got.
type gallery struct {
	*world
	author, buyer, other *member
	bought, unbought     api.Post // as the buyer sees them
	free                 api.Post
	link                 string
	picture              []byte
}

func openGallery(t *testing.T, c config.Config) *gallery {
	w := start(t, c)
	g := &gallery{world: w, author: w.member("author"), buyer: w.member("buyer"), other: w.member("other")}
	bought, unbought, free := g.author.publish(priced(30)), g.author.post(g.author.stamped(), priced(30)), g.author.publish(nil)
	w.give(g.buyer, 30)
	g.buyer.purchase(bought.ID)
	g.bought, g.unbought, g.free = read(t, g.buyer.Client, bought.ID), read(t, g.buyer.Client, unbought.ID), read(t, w.stranger(), free.ID)
	g.link = rendition(t, g.bought, "w1080")
	got := w.ask("GET", g.link, g.buyer.token())
	if _, err := decodeJPEG(got.body); got.status != 200 || err != nil {
		t.Fatalf("the buyer gets %d, %v", got.status, err)
	}
	g.picture = got.body
	return g
}

func decodeJPEG(data []byte) (image.Image, error) {
	picture, format, err := image.Decode(bytes.NewReader(data))
	if err == nil && format != "jpeg" {
		err = fmt.Errorf("it is a %s", format)
	}
	return picture, err
}

// refused holds a reply to 403 without a trace of a picture.
func (g *gallery) refused(what string, got reply) {
	g.t.Helper()
	if got.status != 403 {
		g.t.Errorf("%s: %d", what, got.status)
	}
	g.nothing(what, got)
	if got.header.Get("Content-Type") != "application/problem+json" || len(got.body) > 0 && got.problem().Code != "link.refused" {
		g.t.Errorf("%s: %s %q", what, got.header.Get("Content-Type"), got.body)
	}
}

// nothing holds a reply to showing nothing of a picture, whatever else it is.
func (g *gallery) nothing(what string, got reply) {
	g.t.Helper()
	if got.status < 300 || got.status == 304 || bytes.Contains(got.body, g.picture[:4]) || len(got.body) > 1000 || bytes.Contains(got.body, g.picture[len(g.picture)/2:][:8]) {
		g.t.Errorf("%s: %d with %d bytes", what, got.status, len(got.body))
	}
	for _, name := range []string{"Etag", "Last-Modified", "Content-Range", "Accept-Ranges", "Content-Disposition"} {
		if value := got.header.Get(name); value != "" {
			g.t.Errorf("%s: it tells %s: %s", what, name, value)
		}
	}
	if cache := got.header.Get("Cache-Control"); cache != "no-store" {
		g.t.Errorf("%s: it may be cached: %q", what, cache)
	}
}

// ways are what a client may send along.
func (g *gallery) ways() map[string][]string {
	etag := `"` + path.Base(strings.Split(g.link, "?")[0]) + `"`
	return map[string][]string{
		"plainly":         nil,
		"a range":         {"Range", "bytes=0-99"},
		"several ranges":  {"Range", "bytes=0-9,20-29"},
		"if changed":      {"If-None-Match", etag},
		"if it is there":  {"If-None-Match", "*"},
		"if this is":      {"If-Match", etag},
		"changed since":   {"If-Modified-Since", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)},
		"a range if same": {"If-Range", etag, "Range", "bytes=0-99"},
	}
}

func TestDelivery(t *testing.T) {
	everywhere(t, func(t *testing.T, c config.Config) {
		g := openGallery(t, c)
		t.Run("a link is good for the one who got it and nobody else", g.bound)
		t.Run("a link that was changed in any way is refused", g.tampered)
		t.Run("no spelling of a path leads anywhere else", g.spellings)
		t.Run("originals and parts have no link, not even a signed one", g.signedElsewhere)
		t.Run("ranges, HEAD and conditions work as a player needs them", g.ranges)
		t.Run("what was paid for is kept by no shared cache", g.headers)
		t.Run("a free picture is for everybody", g.everybody)
		t.Run("a link ends", g.expiry)
		g.balanced()
	})
}

func (g *gallery) bound(t *testing.T) {
	g.in(t)
	for who, token := range map[string]string{"a stranger": "", "another member": g.other.token(), "the author": g.author.token()} {
		for how, headers := range g.ways() {
			for _, method := range []string{"GET", "HEAD"} {
				g.refused(fmt.Sprint(who, ", ", method, " ", how), g.ask(method, g.link, token, headers...))
			}
		}
	}
	if got := g.ask("GET", g.link, "not.a.token"); got.status != 401 {
		t.Errorf("a bad token: %d", got.status)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS"} {
		if got := g.ask(method, g.link, g.buyer.token()); got.status != 405 || got.problem().Code != "request.method" {
			t.Errorf("%s: %d %q", method, got.status, got.body)
		}
	}
	t.Run("the token may come in no other way", func(t *testing.T) {
		g.in(t)
		g.refused("in the query", g.ask("GET", g.link+"&access_token="+g.buyer.token(), ""))
		g.refused("in a cookie", g.ask("GET", g.link, "", "Cookie", "token="+g.buyer.token()+"; access_token="+g.buyer.token()))
	})
}

func (g *gallery) tampered(t *testing.T) {
	g.in(t)
	base, query, _ := strings.Cut(g.link, "?")
	values, err := url.ParseQuery(query)
	g.must(err)
	with := func(name, value string) string {
		changed := url.Values{}
		for n := range values {
			changed.Set(n, values.Get(n))
		}
		changed.Set(name, value)
		return base + "?" + changed.Encode()
	}
	if got := g.ask("GET", with("exp", values.Get("exp")), g.buyer.token()); got.status != 200 {
		t.Fatalf("the parameters in another order: %d", got.status)
	}
	links := map[string]string{"nothing but the path": base, "an empty query": base + "?"}
	exp, err := strconv.ParseInt(values.Get("exp"), 10, 64)
	g.must(err)
	for _, text := range []string{
		fmt.Sprint(exp + 1), fmt.Sprint(exp - 1), fmt.Sprint(exp + 3600), "0", "", "-1", "x", "99999999999999999999",
		fmt.Sprint("+", exp), fmt.Sprint("0", exp), fmt.Sprint(exp, ".0"), fmt.Sprint(exp, " "), fmt.Sprintf("0x%x", exp),
	} {
		links["exp="+text] = with("exp", text)
	}
	for _, text := range []string{
		"", "-", g.other.account.ID.String(), g.author.account.ID.String(), strings.ToUpper(values.Get("vid")), uuid.Nil.String(),
		strings.ReplaceAll(values.Get("vid"), "-", ""), "{" + values.Get("vid") + "}", values.Get("vid") + "\x00",
	} {
		links["vid="+text] = with("vid", text)
	}
	for _, text := range []string{"", flipped(values.Get("kid"), 0), values.Get("kid")[:7], values.Get("kid") + "A", "-"} {
		links["kid="+text] = with("kid", text)
	}
	sig := values.Get("sig")
	for i := range sig {
		links[fmt.Sprint("sig, character ", i)] = with("sig", flipped(sig, i))
	}
	for _, text := range []string{"", sig[:len(sig)-1], sig + "A", sig + "=", strings.ToUpper(sig), strings.ToLower(sig), sig + sig} {
		links["sig="+text] = with("sig", text)
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		links["without "+name] = base + "?" + strings.Join(slices.Delete(slices.Clone(parts), i, i+1), "&")
		links[name+" twice"] = g.link + "&" + part
		links[name+" twice, the other one first"] = base + "?" + name + "=1&" + query
		links[name+" twice, the other one last"] = g.link + "&" + name + "=1"
		links[name+" in capitals"] = strings.Replace(g.link, name+"=", strings.ToUpper(name)+"=", 1)
	}
	for _, more := range []string{"&x", "&x=1", "&w=2048", "&=", "&%", ";x=1", "&exp[]=1", "?" + query} {
		links["with "+more] = g.link + more
	}
	links["semicolons"] = strings.ReplaceAll(g.link, "&", ";")

	// The same query to other paths: renditions of this picture, which the buyer
	// may see by links of their own, and of others.
	key, _ := strings.CutPrefix(base, g.server.URL+"/media/")
	medium := path.Dir(key)
	links["another variant"] = onPath(rendition(t, g.bought, "w320"), query)
	links["the preview"] = onPath(rendition(t, g.bought, "preview"), query)
	links["a picture not bought"] = onPath(rendition(t, g.unbought, "preview"), query)
	links["a free picture"] = onPath(rendition(t, g.free, "w1080"), query)
	links["the folder"] = g.server.URL + "/media/" + medium + "?" + query
	links["a name that is not there"] = g.server.URL + "/media/" + medium + "/w1080-0000000000000000.jpg?" + query
	links["the original"] = g.server.URL + "/media/originals/" + path.Base(medium) + "?" + query
	links["no key"] = g.server.URL + "/media/?" + query
	// And other queries to this path.
	links["the query of the smaller one"] = base + "?" + queryOf(rendition(t, g.bought, "w320"))
	links["the query of a free picture"] = base + "?" + queryOf(rendition(t, g.free, "w1080"))
	links["the query of a preview"] = base + "?" + queryOf(rendition(t, g.unbought, "preview"))
	links["the author's query"] = base + "?" + strings.Replace(queryOf(rendition(t, read(t, g.author.Client, g.bought.ID), "w1080")), g.author.account.ID.String(), values.Get("vid"), 1)

	ways := g.ways()
	for what, tampered := range links {
		g.refused(what, g.ask("GET", tampered, g.buyer.token()))
		g.refused(what+", a stranger", g.ask("GET", tampered, ""))
	}
	for _, what := range []string{"another variant", "sig, character 0", "without vid"} {
		for how, headers := range ways {
			g.refused(what+", "+how, g.ask("GET", links[what], g.buyer.token(), headers...))
			g.refused(what+", HEAD "+how, g.ask("HEAD", links[what], g.buyer.token(), headers...))
		}
	}
}

// flipped changes one character into another one that might stand there.
func flipped(text string, i int) string {
	other := "A"
	if text[i] == 'A' {
		other = "B"
	}
	return text[:i] + other + text[i+1:]
}

func onPath(link, query string) string { return strings.Split(link, "?")[0] + "?" + query }

func queryOf(link string) string { return strings.SplitN(link, "?", 2)[1] }

func (g *gallery) spellings(t *testing.T) {
	g.in(t)
	base, query, _ := strings.Cut(g.link, "?")
	key, _ := strings.CutPrefix(base, g.server.URL+"/media/")
	name, folder := path.Base(key), path.Dir(key)
	for _, spelled := range []string{
		"media/" + strings.ReplaceAll(key, "/", "%2f"), "media/" + strings.ReplaceAll(key, "/", "%2F"), "media%2f" + key, "%6dedia/" + key,
		"media/" + strings.ReplaceAll(key, ".", "%2e"), "media/" + folder + "/%77" + name[1:], "media/" + strings.ReplaceAll(key, "-", "%2d"),
		"media/./" + key, "media//" + key, "media/" + folder + "//" + name, "/media/" + key, "media/x/../" + key, "media/../media/" + key,
		"media/%2e/" + key, "media/%2e%2e/media/" + key, "media/x/%2e%2e/" + key, "media/x/..%2f" + key, "media/" + folder + "/./" + name,
		"media/" + strings.ToUpper(key), "MEDIA/" + key, "media/Renditions/" + strings.TrimPrefix(key, "renditions/"),
		"media/" + key + "/", "media/" + key + ".", "media/" + key + "%20", "media/" + key + "%00", "media/" + key + "%00.png", "media/" + key + ";x", "media/" + key + "%3f" + query,
		"media/" + strings.ReplaceAll(key, "/", "%5c"), "media/" + strings.ReplaceAll(key, "/", "+/"), "media/" + strings.ReplaceAll(key, "/", "%252f"),
		"media/../originals/" + path.Base(folder), "media/originals%2f" + path.Base(folder), "media/renditions/../originals/" + path.Base(folder),
		"media/renditions/%2e%2e/originals/" + path.Base(folder), "media/..%2f..%2f..%2fetc/passwd", "media/%c0%ae%c0%ae/etc/passwd", "v1/media/" + key,
	} {
		for who, token := range map[string]string{"the buyer": g.buyer.token(), "a stranger": ""} {
			what := who + ": " + spelled
			g.leadsNowhere(what, g.ask("GET", g.server.URL+"/"+spelled+"?"+query, token))
		}
	}
}

// leadsNowhere takes, beside a refusal, what the router answers: that there is
// nothing, or that the clean path is another one, where a stranger is refused.
func (g *gallery) leadsNowhere(what string, got reply) {
	g.t.Helper()
	switch got.status {
	case 403, 404:
		g.nothing(what, got)
		if got.problem().Code == "" {
			g.t.Errorf("%s: %d %q", what, got.status, got.body)
		}
	case 301, 307, 308:
		g.nothing(what, got)
		to := mustURL(g.t, got.header.Get("Location"))
		if to.Host != "" && "http://"+to.Host != g.server.URL {
			g.t.Errorf("%s: to %s", what, to)
		} else if got := g.ask("GET", to.RequestURI(), ""); got.status != 403 && got.status != 404 {
			g.t.Errorf("%s: to %s, and there %d", what, to, got.status)
		}
	default:
		g.t.Errorf("%s: %d", what, got.status)
	}
}

func (g *gallery) signedElsewhere(t *testing.T) {
	g.in(t)
	ring, err := keyring.Open(server.KeyFile(g.config))
	g.must(err)
	signed := func(method, path string) string {
		return g.server.URL + ring.Links(time.Now).Sign(link.Grant{Method: method, Path: path, Viewer: ident.AccountID(g.buyer.account.ID), ExpiresAt: time.Now().Add(time.Minute)})
	}
	key, _ := strings.CutPrefix(strings.Split(g.link, "?")[0], g.server.URL+"/media/")
	if got := g.ask("GET", signed("GET", "/media/"+key), g.buyer.token()); got.status != 200 {
		t.Fatalf("what the test signs is refused: %d", got.status)
	}
	medium := path.Base(path.Dir(key))
	for _, path := range []string{"originals/" + medium, "uploads/" + medium, "renditions", "renditions/", "renditions/" + medium, "tmp/x", ""} {
		g.refused("signed: "+path, g.ask("GET", signed("GET", "/media/"+path), g.buyer.token()))
	}
	for _, path := range []string{"renditions/../originals/" + medium, "../sajin.db", "./originals/" + medium, "renditions//../../originals/" + medium} {
		g.leadsNowhere("signed: "+path, g.ask("GET", signed("GET", "/media/"+path), g.buyer.token()))
	}
	g.refused("signed to be put there", g.ask("GET", signed("PUT", "/media/"+key), g.buyer.token()))
}

func (g *gallery) ranges(t *testing.T) {
	g.in(t)
	whole := g.ask("GET", g.link, g.buyer.token())
	etag, size := whole.header.Get("Etag"), len(g.picture)
	get := func(headers ...string) reply { return g.ask("GET", g.link, g.buyer.token(), headers...) }
	for asked, want := range map[string][2]int{"bytes=0-99": {0, 100}, "bytes=100-": {100, size}, "bytes=-7": {size - 7, size}, fmt.Sprintf("bytes=5-%d", size+5): {5, size}} {
		got := get("Range", asked)
		if got.status != 206 || !bytes.Equal(got.body, g.picture[want[0]:want[1]]) || got.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", want[0], want[1]-1, size) {
			t.Errorf("%s: %d %s with %d bytes", asked, got.status, got.header.Get("Content-Range"), len(got.body))
		}
	}
	t.Run("several ranges come in parts", func(t *testing.T) {
		got := get("Range", "bytes=0-9,100-119,-5")
		_, params, err := mime.ParseMediaType(got.header.Get("Content-Type"))
		if got.status != 206 || err != nil {
			t.Fatalf("%d %s", got.status, got.header.Get("Content-Type"))
		}
		parts := multipart.NewReader(bytes.NewReader(got.body), params["boundary"])
		for _, want := range [][]byte{g.picture[:10], g.picture[100:120], g.picture[size-5:]} {
			part, err := parts.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			if data, err := io.ReadAll(part); err != nil || !bytes.Equal(data, want) || part.Header.Get("Content-Type") != "image/jpeg" {
				t.Errorf("%v, %v", part.Header, err)
			}
		}
		if _, err := parts.NextPart(); err != io.EOF {
			t.Error("there is more")
		}
	})
	t.Run("a range beyond the end is 416", func(t *testing.T) {
		got := get("Range", fmt.Sprintf("bytes=%d-", size))
		if got.header.Get("Content-Type") != "application/problem+json" || !bytes.Contains(got.body, []byte(`"request.range"`)) {
			t.Errorf("it is no problem: %s", got.body)
		}
		if got.status != 416 || got.header.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) || bytes.Contains(got.body, g.picture[:4]) {
			t.Errorf("%d %v %q", got.status, got.header, got.body)
		}
	})
	t.Run("HEAD is GET without the bytes", func(t *testing.T) {
		got := g.ask("HEAD", g.link, g.buyer.token())
		if age := got.header.Get("Cache-Control"); !strings.HasPrefix(age, "private, max-age=") {
			t.Errorf("Cache-Control: %q", age) // which counts down to the end of the link
		}
		for _, name := range []string{"Content-Length", "Content-Type", "Etag", "Accept-Ranges", "Last-Modified"} {
			if got.header.Get(name) != whole.header.Get(name) || got.header.Get(name) == "" {
				t.Errorf("%s: %q, not %q", name, got.header.Get(name), whole.header.Get(name))
			}
		}
		if got.status != 200 || len(got.body) != 0 {
			t.Errorf("%d with %d bytes", got.status, len(got.body))
		}
		if got := g.ask("HEAD", g.link, g.buyer.token(), "Range", "bytes=0-9"); got.status != 206 || got.header.Get("Content-Length") != "10" {
			t.Errorf("a range: %d %v", got.status, got.header)
		}
	})
	t.Run("who has it need not get it again", func(t *testing.T) {
		for _, condition := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
			if got := get("If-None-Match", condition); got.status != 304 || len(got.body) != 0 || got.header.Get("Etag") != etag {
				t.Errorf("%s: %d with %d bytes", condition, got.status, len(got.body))
			}
		}
		if got := get("If-None-Match", `"x"`); got.status != 200 || !bytes.Equal(got.body, g.picture) {
			t.Errorf("another one: %d", got.status)
		}
		if got := get("If-Modified-Since", whole.header.Get("Last-Modified")); got.status != 304 {
			t.Errorf("by its time: %d", got.status)
		}
	})
	t.Run("who has a part of it goes on, or begins again", func(t *testing.T) {
		if got := get("Range", "bytes=10-19", "If-Range", etag); got.status != 206 || !bytes.Equal(got.body, g.picture[10:20]) {
			t.Errorf("the same one: %d", got.status)
		}
		if got := get("Range", "bytes=10-19", "If-Range", `"x"`); got.status != 200 || !bytes.Equal(got.body, g.picture) {
			t.Errorf("another one: %d", got.status)
		}
		if got := get("If-Match", `"x"`); got.status != 412 || bytes.Contains(got.body, g.picture[:4]) {
			t.Errorf("only another one: %d", got.status)
		}
	})
}

func (g *gallery) headers(t *testing.T) {
	exp, err := strconv.ParseInt(mustURL(t, g.link).Query().Get("exp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	for how, headers := range map[string][]string{"whole": nil, "a range": {"Range", "bytes=0-9"}, "unchanged": {"If-None-Match", "*"}} {
		g.in(t)
		h := g.ask("GET", g.link, g.buyer.token(), headers...).header
		var age int64
		if _, err := fmt.Sscanf(h.Get("Cache-Control"), "private, max-age=%d, immutable", &age); err != nil || age > exp-time.Now().Unix()+1 || age <= 0 {
			t.Errorf("%s: %q", how, h.Get("Cache-Control"))
		}
		if h.Get("Vary") != "Authorization" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
			t.Errorf("%s: %v", how, h)
		}
		if len(h["Set-Cookie"]) != 0 || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", how, h)
		}
	}
}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (g *gallery) everybody(t *testing.T) {
	g.in(t)
	for who, token := range map[string]string{"a stranger": "", "the buyer": g.buyer.token(), "another member": g.other.token(), "the author": g.author.token()} {
		got := g.ask("GET", rendition(t, g.free, "w1080"), token)
		if _, err := decodeJPEG(got.body); got.status != 200 || err != nil {
			t.Errorf("%s: %d, %v", who, got.status, err)
		}
		if cache := got.header.Get("Cache-Control"); !strings.HasPrefix(cache, "public, max-age=") || got.header.Get("Vary") != "" || len(got.header["Set-Cookie"]) != 0 {
			t.Errorf("%s: %v", who, got.header)
		}
	}
	t.Run("whoever asks gets the same link", func(t *testing.T) {
		links := func() []string {
			var all []string
			for _, client := range []*sajin.Client{g.stranger(), g.buyer.Client, g.author.Client} {
				all = append(all, rendition(t, read(t, client, g.free.ID), "w1080"))
			}
			return slices.Compact(all)
		}
		got := links()
		if len(got) != 1 { // a link is renewed now and then
			got = links()
		}
		if len(got) != 1 {
			t.Errorf("%q", got)
		}
	})
	t.Run("a link for everybody is refused when it was changed", func(t *testing.T) {
		g.in(t)
		g.refused("its vid", g.ask("GET", strings.Replace(rendition(t, g.free, "w1080"), "vid=-", "vid="+g.buyer.account.ID.String(), 1), g.buyer.token()))
		g.refused("its path", g.ask("GET", onPath(rendition(t, g.free, "w320"), queryOf(rendition(t, g.free, "w1080"))), ""))
	})
}

// expiry turns the clock, and so comes last.
func (g *gallery) expiry(t *testing.T) {
	g.in(t)
	free := rendition(t, g.free, "w1080")
	until := func(link string) time.Time {
		exp, err := strconv.ParseInt(mustURL(t, link).Query().Get("exp"), 10, 64)
		g.must(err)
		return time.Unix(exp, 0)
	}
	asked := g.watch.now()
	if left := until(rendition(t, read(t, g.buyer.Client, g.bought.ID), "w1080")).Sub(asked); left > g.config.Media.LinkTTL+time.Minute || left < g.config.Media.LinkTTL/2 {
		t.Fatalf("a link is good for %s", left)
	}
	g.watch.turn(until(g.link).Sub(g.watch.now()) - 10*time.Second)
	if got := g.ask("GET", g.link, g.buyer.token()); got.status != 200 {
		t.Errorf("shortly before its end: %d", got.status)
	}
	fresh := rendition(t, read(t, g.buyer.Client, g.bought.ID), "w1080")
	g.watch.turn(max(until(g.link).Sub(g.watch.now()), until(free).Sub(g.watch.now())))
	for how, headers := range g.ways() {
		g.refused("ended, "+how, g.ask("GET", g.link, g.buyer.token(), headers...))
		g.refused("the free one ended, "+how, g.ask("GET", free, "", headers...))
	}
	if got := g.ask("GET", fresh, g.buyer.token()); got.status != 200 {
		t.Errorf("the next one: %d", got.status)
	}
}

func TestLockedPreviews(t *testing.T) {
	backends(t, func(t *testing.T, c config.Config) {
		w := start(t, c)
		author, stranger := w.member("author"), w.stranger()
		// A chequered pattern of single pixels, which half the size no longer shows.
		draw := func(depth int) []byte {
			m := image.NewRGBA(image.Rect(0, 0, 640, 640))
			for y := range 640 {
				for x := range 640 {
					m.SetRGBA(x, y, color.RGBA{uint8(60 + 8*(x/64)), uint8(90 + depth*(1-2*((x+y)%2))), uint8(50 + y/8), 255})
				}
			}
			var out bytes.Buffer
			w.must(png.Encode(&out, m))
			return out.Bytes()
		}
		plain := author.post(author.take(file(draw(0), "image/png")), priced(5))
		secret := author.post(author.take(file(draw(80), "image/png")), priced(5))
		fetch := func(client *member, post api.Post, name string) []byte {
			token := ""
			p := post
			if client != nil {
				token = client.token()
			} else {
				p = read(t, stranger, post.ID)
			}
			got := w.ask("GET", rendition(t, p, name), token)
			if got.status != 200 {
				t.Fatalf("%s: %d", name, got.status)
			}
			return got.body
		}
		if bytes.Equal(fetch(author, plain, "w1080"), fetch(author, secret, "w1080")) {
			t.Fatal("the pictures do not differ")
		}
		if !bytes.Equal(fetch(nil, plain, "preview"), fetch(nil, secret, "preview")) {
			t.Error("pictures that are equal at 32 pixels have different previews")
		}
		a, b := read(t, stranger, plain.ID).Media[0].Placeholder, read(t, stranger, secret.ID).Media[0].Placeholder
		if one, two := asJSON(t, a), asJSON(t, b); one != two {
			t.Errorf("their placeholders are %s and %s", one, two)
		}
	})
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
