package httpapi_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/adapters/httpapi"
	"github.com/sajin-sns/sajin/adapters/imaging"
	"github.com/sajin-sns/sajin/adapters/keyring"
	"github.com/sajin-sns/sajin/adapters/memory"
	"github.com/sajin-sns/sajin/adapters/sqlite"
	"github.com/sajin-sns/sajin/adapters/sqlstore"
	"github.com/sajin-sns/sajin/app/media"
	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/jobs"
	"github.com/sajin-sns/sajin/ports/link"
	processors "github.com/sajin-sns/sajin/ports/media"
)

// mediaServer is a server of media alone, that real requests are sent to.
type mediaServer struct {
	t        *testing.T
	url      string
	ids      *ident.Source
	signer   link.Signer
	delivery *httpapi.Delivery
	links    *httpapi.Links
	blobs    *memory.Blob
	queue    *sqlstore.Jobs
	workers  []jobs.Worker
	uploads  *media.Uploads
	inUse    shown
	hana     ident.AccountID
	bora     ident.AccountID

	mu    sync.Mutex
	clock time.Time
}

const linkTTL = 10 * time.Minute

func newMediaServer(t *testing.T) *mediaServer {
	t.Helper()
	s := &mediaServer{t: t, blobs: memory.NewBlob(), inUse: shown{}, clock: time.Date(2026, 3, 1, 12, 1, 0, 0, time.UTC)}
	db, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	s.must(err)
	t.Cleanup(func() { _ = db.Close() })
	s.must(sqlite.Migrate(t.Context(), db))
	s.ids = ident.NewSource(s.now, rand.Reader)
	s.hana, s.bora = ident.New[ident.AccountID](s.ids), ident.New[ident.AccountID](s.ids)

	var api http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { api.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL

	ring := keyring.New(rand.Reader)
	log := slog.New(slog.DiscardHandler)
	s.signer = ring.Links(s.now)
	s.links = httpapi.NewLinks(s.signer, s.url+"/", linkTTL, s.now)
	s.queue = sqlstore.NewJobs(db, s.ids, s.now)
	all := []processors.Processor{imaging.New(imaging.Options{})}
	mediaStore, uploads := sqlstore.NewMedia(db), sqlstore.NewUploads(db)
	s.uploads = &media.Uploads{
		Tx: db, Uploads: uploads, Media: mediaStore, Blobs: s.blobs, Queue: s.queue, Links: s.links, IDs: s.ids, Now: s.now,
		Limits: rules.Limits{Types: media.Types(all), MaxBytes: 1 << 20, MaxPixels: 1 << 24, PartSize: 1000, MaxOpen: 3, Quota: 2 << 20, TTL: time.Hour},
	}
	own := &media.Media{Tx: db, Media: mediaStore, Uploads: uploads, Queue: s.queue, Outbox: sqlstore.NewOutbox(db, s.ids, s.now), Use: s.inUse, Links: s.links, Now: s.now}
	processing := &media.Processing{
		Tx: db, Media: mediaStore, Uploads: uploads, Blobs: s.blobs, Queue: s.queue,
		Outbox: sqlstore.NewOutbox(db, s.ids, s.now), Processors: all, Now: s.now,
	}
	disposal := &media.Disposal{Tx: db, Media: mediaStore, Uploads: uploads, Blobs: s.blobs, Queue: s.queue, Now: s.now}
	s.workers = []jobs.Worker{processing.Worker(), disposal.Worker()}
	s.delivery = &httpapi.Delivery{Blobs: s.blobs, Signer: s.signer, Log: log, Now: s.now}
	api = httpapi.New(httpapi.Options{
		Version: "test", PublicURL: s.url, BodyLimit: 1 << 16, Log: log, Auth: bearers{}, Sealer: ring, NewID: rand.Text,
	}, []httpapi.Route{
		(&httpapi.PartUpload{Uploads: s.uploads, Signer: s.signer, Log: log}).Route(),
		s.delivery.Route(),
	}, &httpapi.Uploads{Uploads: s.uploads}, &httpapi.Media{Media: own})
	return s
}

func (s *mediaServer) now() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.clock }

func (s *mediaServer) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func (s *mediaServer) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// bearers takes the id of an account for its token.
type bearers struct{}

func (bearers) Authenticate(_ context.Context, token string) (accounts.Actor, error) {
	id, err := ident.Parse[ident.AccountID](token)
	if err != nil {
		return accounts.Actor{}, fault.New(fault.Unauthenticated, "accounts.token-invalid", "no")
	}
	return accounts.Actor{Account: id, Role: "member"}, nil
}

type shown map[ident.MediaID]bool

func (s shown) InUse(_ context.Context, id ident.MediaID) (bool, error) { return s[id], nil }

// reply is an answer that was read to its end.
type reply struct {
	*http.Response
	body []byte
}

func (r reply) json() map[string]any {
	var members map[string]any
	_ = json.Unmarshal(r.body, &members)
	return members
}

func (r reply) code() string { code, _ := r.json()["code"].(string); return code }

// do sends a request as an account; the zero one is nobody.
func (s *mediaServer) do(as ident.AccountID, method, url string, body any, headers map[string]string) reply {
	s.t.Helper()
	if url[0] == '/' {
		url = s.url + url
	}
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		content = bytes.NewReader(b)
	case io.Reader:
		content = b
	default:
		encoded, err := json.Marshal(body)
		s.must(err)
		content = bytes.NewReader(encoded)
		headers = maps.Clone(headers)
		if headers == nil {
			headers = map[string]string{}
		}
		headers["Content-Type"] = "application/json"
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, content)
	s.must(err)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	if !as.IsZero() {
		r.Header.Set("Authorization", "Bearer "+as.String())
	}
	response, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	s.must(err)
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	s.must(err)
	return reply{response, all}
}

// wants fails unless an answer has the status, and the code of the problem that
// it is if any.
func (s *mediaServer) wants(r reply, status int, code string) reply {
	s.t.Helper()
	if r.StatusCode != status || r.code() != code {
		s.t.Errorf("%s %s: got %d %q, want %d %q: %.300s", r.Request.Method, r.Request.URL.Path, r.StatusCode, r.code(), status, code, r.body)
	}
	if kind := r.Header.Get("Content-Type"); status >= 400 && r.Request.Method != http.MethodHead && kind != "application/problem+json" {
		s.t.Errorf("%s %s: the problem is of type %q", r.Request.Method, r.Request.URL.Path, kind)
	}
	return r
}

// drain does the jobs that are due.
func (s *mediaServer) drain() {
	s.t.Helper()
	for _, w := range s.workers {
		for {
			l, ok, err := s.queue.Claim(s.t.Context(), []string{w.Kind}, time.Minute)
			s.must(err)
			if !ok {
				break
			}
			s.must(w.Run(s.t.Context(), l))
		}
	}
}

// picture is a PNG of some thousand bytes.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 640, 400))
	for y := range 400 {
		for x := range 640 {
			img.Set(x, y, color.RGBA{uint8(x * y), uint8(x / 4), uint8(y / 2), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

type offered map[string]any

func (s *mediaServer) offer(size int) offered {
	return offered{"filename": "바다.png", "content_type": "image/png", "size": size, "purpose": "post"}
}

// open begins an upload.
func (s *mediaServer) open(as ident.AccountID, size int) media.Ticket {
	s.t.Helper()
	var ticket media.Ticket
	r := s.wants(s.do(as, "POST", "/v1/uploads", s.offer(size), nil), http.StatusCreated, "")
	s.must(json.Unmarshal(r.body, &ticket))
	return ticket
}

func (s *mediaServer) send(t media.Ticket, file []byte) {
	s.t.Helper()
	for i, p := range t.Parts {
		from := int64(i) * t.PartSize
		s.wants(s.do(ident.AccountID{}, p.Method, p.URL, file[from:from+p.Size], p.Headers), http.StatusNoContent, "")
	}
}

// received is a medium of hana's whose file is here.
func (s *mediaServer) received(file []byte) media.Ticket {
	s.t.Helper()
	ticket := s.open(s.hana, len(file))
	s.send(ticket, file)
	s.wants(s.do(s.hana, "POST", "/v1/uploads/"+ticket.ID.String()+"/complete", nil, nil), http.StatusAccepted, "")
	return ticket
}

// rendition stores something below renditions/ and answers its key.
func (s *mediaServer) rendition(data string) string {
	s.t.Helper()
	key := rules.RenditionKey(ident.New[ident.MediaID](s.ids), "w320", "jpg", []byte(data))
	s.must(s.blobs.Put(s.t.Context(), key, bytes.NewReader([]byte(data)), int64(len(data)), "image/jpeg"))
	return key
}

func path(format string, args ...any) string { return fmt.Sprintf(format, args...) }
