package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/link"
)

const (
	mediaPath = "/media/"
	partPath  = "/v1/uploads/{id}/parts/{n}"
)

// Links makes the signed links of this server: it knows where its routes are.
type Links struct {
	signer link.Signer
	origin string
	window time.Duration
	now    func() time.Time
}

var (
	_ link.Media = (*Links)(nil)
	_ link.Parts = (*Links)(nil)
)

// NewLinks makes links below a public URL. A link to a rendition is good for at
// most ttl; see URL.
func NewLinks(signer link.Signer, publicURL string, ttl time.Duration, now func() time.Time) *Links {
	return &Links{
		signer: signer, origin: strings.TrimRight(publicURL, "/"), now: now,
		window: max((ttl / 2).Truncate(time.Second), time.Second),
	}
}

// URL implements link.Media. Links end at multiples of half of their ttl, the
// next but one from now: within each half everybody who asks again gets the
// same link, which is good for another half at least.
func (l *Links) URL(key string, viewer ident.AccountID) (string, time.Time) {
	expires := l.now().Truncate(l.window).Add(2 * l.window).UTC()
	return l.origin + l.signer.Sign(link.Grant{Method: http.MethodGet, Path: mediaPath + key, Viewer: viewer, ExpiresAt: expires}), expires
}

// Until implements link.Media.
func (l *Links) Until() time.Time { return l.now().Truncate(l.window).Add(l.window) }

// Part implements link.Parts.
func (l *Links) Part(upload ident.UploadID, number int, expires time.Time) string {
	path := strings.NewReplacer("{id}", upload.String(), "{n}", strconv.Itoa(number)).Replace(partPath)
	return l.origin + l.signer.Sign(link.Grant{Method: http.MethodPut, Path: path, ExpiresAt: expires})
}
