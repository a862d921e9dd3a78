// Package blob is object storage: private bytes under slash-separated keys.
// Its shape is S3's, so that a bucket and a local folder serve alike: an object
// appears whole or not at all, is never changed in place, and large ones are
// sent in numbered parts.
package blob

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// Errors of a Store; adapters wrap them, callers use errors.Is.
var (
	ErrNotFound   = errors.New("blob: no such object or upload")
	ErrBadKey     = errors.New("blob: malformed key")
	ErrSize       = errors.New("blob: body is not of the announced size")
	ErrIncomplete = errors.New("blob: a part is missing or of the wrong size")
	ErrFull       = errors.New("blob: no space left") // the write had no effect; it may work later

	// ErrUnavailable is what a store answers that is away, overloaded, or broke
	// off: the same call may work later, and it is not known whether this one
	// had an effect.
	ErrUnavailable = errors.New("blob: the storage does not answer")

	// ErrRefused is what a store answers that does not let this server in: it
	// works when somebody has mended credentials, policy or bucket, not before.
	ErrRefused = errors.New("blob: the storage refuses this server")
)

// Info describes a stored object.
type Info struct {
	Key         string
	Size        int64
	ContentType string // as given at Put or StartUpload; "application/octet-stream" when that was empty
	ModifiedAt  time.Time
}

// Object is an open object. Seeking is cheap and reads only what is asked for,
// so that it can answer HTTP ranges.
type Object interface {
	io.ReadSeekCloser
	Info() Info
}

// FileObject is an Object that is the beginning of a file of this machine, which
// can send it without reading it.
type FileObject interface {
	Object
	io.ReaderAt

	// File is open for as long as the object is. Where it stands is its own: it
	// does not follow the object.
	File() *os.File
}

// Part is a piece of an upload that has arrived whole.
type Part struct {
	Number int // 1..10000
	Size   int64
	ETag   string // opaque; other bytes give another tag, equal bytes need not give equal tags
}

// Upload names an upload in parts: the key that the object will have, and the
// store's own handle for the upload.
type Upload struct {
	Key string
	Ref string
}

// Store keeps objects. Keys are 1 to 512 characters of [a-z0-9/._-] in
// non-empty segments of at most 200, none of which is "." or ".."; any other
// key is ErrBadKey. Callers do not make one key the folder of another ("a" and
// "a/b"): not every bucket holds both.
//
// All methods may be called concurrently, by several processes. When a body
// fails, or the context ends, that error is answered and nothing has changed.
type Store interface {
	// Put stores body under key, replacing what was there at once and whole.
	// The body must be of exactly size bytes, else ErrSize and nothing changes.
	// When Put returns nil the object survives a crash of the machine.
	Put(ctx context.Context, key string, body io.Reader, size int64, contentType string) error

	// Open opens an object for reading, ErrNotFound if there is none. What was
	// opened never turns into other bytes: when the object is replaced or
	// deleted it stays readable, or, in stores that cannot hold it, fails.
	// Reading ends when ctx does.
	Open(ctx context.Context, key string) (Object, error)

	// Stat describes an object, ErrNotFound if there is none.
	Stat(ctx context.Context, key string) (Info, error)

	// Delete removes an object; that there is none is no error.
	Delete(ctx context.Context, key string) error

	// List calls yield for every object whose key starts with prefix, in the
	// order of keys, until yield returns false. Uploads that are not complete
	// are not objects. The ContentType may be left out: buckets do not list it.
	List(ctx context.Context, prefix string, yield func(Info) bool) error

	// StartUpload opens an upload in parts.
	StartUpload(ctx context.Context, key, contentType string) (Upload, error)

	// PutPart stores one part through this process, replacing an earlier one of
	// the same number; numbers outside 1..10000 are refused. The body must be of
	// exactly size bytes, else ErrSize and the earlier part, if any, stays.
	// ErrNotFound when the upload is not open.
	PutPart(ctx context.Context, u Upload, number int, body io.Reader, size int64) (Part, error)

	// ListParts lists the parts that have arrived, in the order of numbers.
	// ErrNotFound when the upload is not open.
	ListParts(ctx context.Context, u Upload) ([]Part, error)

	// CompleteUpload makes the object out of parts 1..n, n at least 1, which
	// must be exactly the given ones in any order, with their sizes and tags
	// (ErrIncomplete otherwise, and the upload stays open). It is idempotent:
	// for an upload that was completed before it answers the object's Info
	// again, as long as the object under the key is the one that it made.
	// Otherwise ErrNotFound when the upload is not open.
	CompleteUpload(ctx context.Context, u Upload, parts []Part) (Info, error)

	// AbortUpload drops an upload and its parts; that it is not open is no error.
	AbortUpload(ctx context.Context, u Upload) error

	// ListUploads calls yield for every open upload, with the time at which it
	// was started, in no particular order, until yield returns false. Uploads
	// that are started or end meanwhile may be listed or not. yield may itself
	// call the store, and abort what it is given.
	ListUploads(ctx context.Context, yield func(u Upload, startedAt time.Time) bool) error
}

// Request is an HTTP request that its holder may make until ExpiresAt.
type Request struct {
	Method    string
	URL       string
	Headers   map[string]string
	ExpiresAt time.Time
}

// Presigner is what a Store offers when clients may talk to it directly, as to
// a bucket. Without it, parts and downloads pass through the server.
type Presigner interface {
	// PresignPart signs the sending of one part of exactly size bytes. It may
	// be asked again for as long as the upload is open.
	PresignPart(ctx context.Context, u Upload, number int, size int64, ttl time.Duration) (Request, error)

	// PresignGet signs the reading of an object, or of a range of it. Whether
	// there is one is not looked at.
	PresignGet(ctx context.Context, key string, ttl time.Duration, d Download) (Request, error)
}

// Download is how an object is to be read, and what the answer says of itself.
// The zero value reads it as it is.
type Download struct {
	Method       string // GET when empty, or HEAD
	ContentType  string // the object's own when empty
	Disposition  string // "inline"; left out when empty
	CacheControl string // left out when empty
}

// FormUploader is what a Store offers when a small object may be sent to it
// with one form, as a browser posts it: in one request, which needs no question
// beforehand.
type FormUploader interface {
	// StartForm opens an upload that is sent with a form: exactly size bytes, at
	// least one, which call themselves contentType, as the object will too. What
	// the form has sent is listed as part 1; PutPart and PresignPart refuse it.
	// For the rest it is an upload like others. Once it has ended, its form can
	// still be sent, and changes no object.
	StartForm(ctx context.Context, key, contentType string, size int64) (Upload, error)

	// IsForm tells whether StartForm opened the upload, wherever it stands now.
	IsForm(u Upload) bool

	// SignForm makes the form. It may be asked again for as long as the upload
	// is open; ErrNotFound when it is not.
	SignForm(ctx context.Context, u Upload, ttl time.Duration) (Form, error)
}

// Form is a multipart/form-data POST that its holder may make until ExpiresAt:
// all Fields as they are, and after them the bytes, as a file called "file".
type Form struct {
	URL       string
	Fields    map[string]string
	ExpiresAt time.Time
}
