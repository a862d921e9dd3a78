package httpapi

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/sajin-sns/sajin/app/media"
	rules "github.com/sajin-sns/sajin/domain/media"
	"github.com/sajin-sns/sajin/ports/blob"
	"github.com/sajin-sns/sajin/ports/link"
)

// Delivery answers with renditions to those who come by a link that was made
// for them. Everybody else hears the same refusal, whether there is something
// or not.
type Delivery struct {
	Blobs  blob.Store
	Signer link.Signer

	// Direct, if there is one, signs the way to the storage: who may see a
	// rendition is sent there, for DirectTTL, and its bytes do not pass through
	// here.
	Direct    blob.Presigner
	DirectTTL time.Duration

	Log *slog.Logger
	Now func() time.Time
}

// Route is where renditions are.
func (d *Delivery) Route() Route {
	return Route{Pattern: "GET " + mediaPath + "{key...}", Handler: d, Name: "media", Class: Transfer}
}

func (d *Delivery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if d.Direct != nil {
		d.redirect(w, r)
		return
	}
	object, granted, err := d.open(r)
	if err != nil {
		writeProblem(w, problemOf(r.Context(), d.Log, err))
		return
	}
	defer object.Close()
	info := object.Info()
	d.describe(w.Header(), granted, info)
	http.ServeContent(&refusing{ResponseWriter: w, r: r}, r, "", info.ModifiedAt, object)
}

// refusing makes problems of what http.ServeContent refuses in plain text: a
// range that is not there, a copy that is not the one asked for.
type refusing struct {
	http.ResponseWriter
	r       *http.Request
	refused bool
}

func (w *refusing) WriteHeader(status int) {
	var detail string
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		detail = "the picture has no such range of bytes"
	case http.StatusPreconditionFailed:
		detail = "the picture is not the one that you ask for"
	default:
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.refused = true
	for _, name := range []string{"Etag", "Last-Modified", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	writeProblem(w.ResponseWriter, newProblem(w.r.Context(), status, codes[status], detail))
}

func (w *refusing) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom takes what http.ServeContent sends: so much of an object, from where
// it stands. What is in a file of this machine is left to the kernel to send.
func (w *refusing) ReadFrom(src io.Reader) (int64, error) {
	if w.refused {
		return io.Copy(io.Discard, src)
	}
	if part, ok := src.(*io.LimitedReader); ok {
		if object, ok := part.R.(blob.FileObject); ok {
			return w.send(object, part.N)
		}
	}
	return io.Copy(w.ResponseWriter, src)
}

func (w *refusing) send(object blob.FileObject, n int64) (int64, error) {
	at, err := object.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	file := object.File()
	if _, err := file.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	sent, err := io.Copy(w.ResponseWriter, &io.LimitedReader{R: file, N: n})
	if err == nil && sent < n {
		err = io.ErrUnexpectedEOF
	}
	return sent, err
}

// allowed is the key that a request may read, by its link.
func (d *Delivery) allowed(r *http.Request) (key string, granted link.Grant, err error) {
	key = r.PathValue("key")
	granted, err = follow(d.Signer, r, callerOf(r.Context()).Account)
	if err == nil && !rules.Deliverable(key) {
		err = link.ErrRefused
	}
	return key, granted, err
}

func (d *Delivery) open(r *http.Request) (blob.Object, link.Grant, error) {
	key, granted, err := d.allowed(r)
	if err != nil {
		return nil, granted, err
	}
	object, err := d.Blobs.Open(r.Context(), key)
	switch {
	case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrBadKey):
		err = link.ErrRefused
	case err != nil && r.Context().Err() == nil:
		err = media.ErrStorage.Because(err)
	}
	return object, granted, err
}

// describe sets the headers of a rendition. Its key names its bytes, so a copy
// never gets old; it is kept for as long as the link is good, and by caches
// that several people share only if everybody may see it.
func (d *Delivery) describe(h http.Header, granted link.Grant, info blob.Info) {
	d.scope(h, granted)
	h.Set("Etag", quoted(path.Base(info.Key)))
	h.Set("Content-Type", info.ContentType)
	maps.Copy(h, ofPictures)
}

var ofPictures = http.Header{"Content-Disposition": {disposition}, "Content-Security-Policy": {"sandbox; default-src 'none'"}}

const disposition = "inline"

// scope says who may keep an answer, and for how long.
func (d *Delivery) scope(h http.Header, granted link.Grant) {
	age := strconv.FormatInt(max(0, granted.ExpiresAt.Unix()-d.Now().Unix()), 10)
	if granted.Viewer.IsZero() {
		h.Set("Cache-Control", "public, max-age="+age+", immutable")
		maps.Copy(h, forEverybody)
	} else {
		h.Set("Cache-Control", "private, max-age="+age+", immutable")
		maps.Copy(h, forOne)
	}
}

var (
	forEverybody = http.Header{"Cross-Origin-Resource-Policy": {"cross-origin"}}
	forOne       = http.Header{
		"Cross-Origin-Resource-Policy": {"same-site"}, "Vary": {"Authorization"}, "X-Robots-Tag": {"noindex, noimageindex, noarchive"},
	}
)

// redirect sends those whose link holds on to the storage. The answer itself is
// kept by nobody: it is good for the one who asked, and not for long.
func (d *Delivery) redirect(w http.ResponseWriter, r *http.Request) {
	target, granted, err := d.direct(r)
	if err != nil {
		writeProblem(w, problemOf(r.Context(), d.Log, err))
		return
	}
	d.scope(w.Header(), granted)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func (d *Delivery) direct(r *http.Request) (string, link.Grant, error) {
	key, granted, err := d.allowed(r)
	if err != nil {
		return "", granted, err
	}
	there := http.Header{}
	d.scope(there, granted)
	request, err := d.Direct.PresignGet(r.Context(), key, d.DirectTTL, blob.Download{
		Method: r.Method, Disposition: disposition, CacheControl: there.Get("Cache-Control"),
	})
	switch {
	case errors.Is(err, blob.ErrBadKey):
		err = link.ErrRefused
	case err != nil:
		err = media.ErrStorage.Because(err)
	}
	return request.URL, granted, err
}
