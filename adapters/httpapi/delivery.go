package httpapi

import (
	"errors"
	"io"
	"log/slog"
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
	object, err := d.open(r)
	if err != nil {
		writeProblem(w, problemOf(r.Context(), d.Log, err))
		return
	}
	defer object.Close()
	info := object.Info()
	d.describe(w.Header(), r, info)
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
func (d *Delivery) allowed(r *http.Request) (key string, err error) {
	key = r.PathValue("key")
	if err := follow(d.Signer, r, callerOf(r.Context()).Account); err != nil {
		return "", err
	}
	if !rules.Deliverable(key) {
		return "", link.ErrRefused
	}
	return key, nil
}

func (d *Delivery) open(r *http.Request) (blob.Object, error) {
	key, err := d.allowed(r)
	if err != nil {
		return nil, err
	}
	object, err := d.Blobs.Open(r.Context(), key)
	switch {
	case errors.Is(err, blob.ErrNotFound), errors.Is(err, blob.ErrBadKey):
		return nil, link.ErrRefused
	case err != nil && r.Context().Err() == nil:
		return nil, media.ErrStorage.Because(err)
	}
	return object, err
}

// describe sets the headers of a rendition. Its key names its bytes, so a copy
// never gets old; it is kept for as long as the link is good, and by caches
// that several people share only if everybody may see it.
func (d *Delivery) describe(h http.Header, r *http.Request, info blob.Info) {
	d.scope(h, r)
	h.Set("Etag", quoted(path.Base(info.Key)))
	h.Set("Content-Type", info.ContentType)
	h.Set("Content-Disposition", disposition)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
}

const disposition = "inline"

// scope says who may keep an answer, and for how long.
func (d *Delivery) scope(h http.Header, r *http.Request) {
	query := r.URL.Query()
	expires, _ := strconv.ParseInt(query.Get("exp"), 10, 64) // the signature holds, so it is a number
	age := strconv.FormatInt(max(0, expires-d.Now().Unix()), 10)
	if query.Get("vid") == "-" {
		h.Set("Cache-Control", "public, max-age="+age+", immutable")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	} else {
		h.Set("Cache-Control", "private, max-age="+age+", immutable")
		h.Set("Cross-Origin-Resource-Policy", "same-site")
		h.Set("Vary", "Authorization")
		h.Set("X-Robots-Tag", "noindex, noimageindex, noarchive")
	}
}

// redirect sends those whose link holds on to the storage. The answer itself is
// kept by nobody: it is good for the one who asked, and not for long.
func (d *Delivery) redirect(w http.ResponseWriter, r *http.Request) {
	target, err := d.direct(r)
	if err != nil {
		writeProblem(w, problemOf(r.Context(), d.Log, err))
		return
	}
	d.scope(w.Header(), r)
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusTemporaryRedirect)
}

func (d *Delivery) direct(r *http.Request) (string, error) {
	key, err := d.allowed(r)
	if err != nil {
		return "", err
	}
	there := http.Header{}
	d.scope(there, r)
	request, err := d.Direct.PresignGet(r.Context(), key, d.DirectTTL, blob.Download{
		Method: r.Method, Disposition: disposition, CacheControl: there.Get("Cache-Control"),
	})
	switch {
	case errors.Is(err, blob.ErrBadKey):
		return "", link.ErrRefused
	case err != nil:
		return "", media.ErrStorage.Because(err)
	}
	return request.URL, nil
}
