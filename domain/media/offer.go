package media

import (
	"encoding/hex"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/domain/text"
)

// MaxFilename is how many characters a file's name may have.
const MaxFilename = 255

// Faults of what is offered.
var (
	ErrUnsupported    = fault.New(fault.Unsupported, "media.type-unsupported", "files of this type are not accepted")
	ErrTooLarge       = fault.New(fault.TooLarge, "media.too-large", "the file has more bytes than are accepted")
	ErrTooManyUploads = fault.New(fault.RateLimited, "media.too-many-uploads", "too many uploads are open: complete or abort one first")
	ErrQuota          = fault.New(fault.Invalid, "media.quota", "the file does not fit into what you may store")
)

// Limits are what the server takes in.
type Limits struct {
	Types       []string // content types that can be processed here and now
	MaxBytes    int64    // of a file
	MaxPixels   int64    // of a picture
	MaxDuration time.Duration
	PartSize    int64
	MaxOpen     int   // unfinished uploads of one account
	Quota       int64 // bytes that one account may store; 0: as much as fits
	TTL         time.Duration
}

// Usage is what an account stores, what is on its way included, and how many of
// its uploads are open.
type Usage struct {
	Bytes int64
	Open  int
}

// retryAfter is when a client that has too many open uploads may ask again, in
// seconds: one of them could be through by then.
const retryAfter = 30

// Admit tells whether a file of so many bytes may be sent beside what there is.
func (l Limits) Admit(u Usage, size int64) error {
	if u.Open >= l.MaxOpen {
		return ErrTooManyUploads.With("retry_after", retryAfter).With("open", u.Open).With("max_open", l.MaxOpen)
	}
	if l.Quota > 0 && size > l.Quota-u.Bytes {
		return ErrQuota.With("used", u.Bytes).With("total", l.Quota)
	}
	return nil
}

// Offer is what a client says of a file before it sends it.
type Offer struct {
	Filename    string
	ContentType string
	Size        int64
	SHA256      string // in hex; "" if it was not computed
	Purpose     Purpose
	Form        bool // it would rather be sent with one form than in parts
}

// NewUpload begins an upload and the medium that will come of it.
//
// It fails with Invalid for bad fields, with ErrUnsupported for a type and with
// ErrTooLarge for a size that is not accepted.
func NewUpload(id ident.UploadID, medium ident.MediaID, owner ident.AccountID, o Offer, l Limits, now time.Time) (*Upload, *Medium, error) {
	o, err := o.check(l)
	if err != nil {
		return nil, nil, err
	}
	upload := &Upload{r: UploadRecord{
		ID: id, Medium: medium, Owner: owner, Filename: o.Filename, ContentType: o.ContentType, Size: o.Size, SHA256: o.SHA256,
		PartSize: partSize(o.Size, l.PartSize), Key: OriginalKey(medium), State: UploadOpen, CreatedAt: now, ExpiresAt: now.Add(l.TTL),
	}}
	return upload, NewMedium(medium, owner, o.Purpose, o.Size, now), nil
}

func (o Offer) check(l Limits) (Offer, error) {
	filename, filenameErr := text.Line("filename", o.Filename, MaxFilename)
	if filenameErr == nil && filename == "" {
		filenameErr = fault.Invalidf("media.filename", "filename", "must not be empty")
	}
	var sizeErr, hashErr, purposeErr error
	if o.Size <= 0 {
		sizeErr = fault.Invalidf("media.size", "size", "must be at least 1")
	}
	if digest, err := hex.DecodeString(o.SHA256); err != nil || len(digest) != 32 && len(digest) != 0 {
		hashErr = fault.Invalidf("media.sha256", "sha256", "must be 64 hexadecimal digits")
	}
	if o.Purpose != ForPost && o.Purpose != ForAvatar {
		purposeErr = fault.Invalidf("media.purpose", "purpose", "must be post or avatar")
	}
	if err := fault.Join(filenameErr, sizeErr, hashErr, purposeErr); err != nil {
		return o, err
	}
	contentType, _, err := mime.ParseMediaType(o.ContentType)
	if err != nil || !slices.Contains(l.Types, contentType) {
		return o, ErrUnsupported.With("accepted", l.Types)
	}
	if o.Size > l.MaxBytes {
		return o, ErrTooLarge.With("max_bytes", l.MaxBytes)
	}
	o.Filename, o.ContentType, o.SHA256 = filename, contentType, strings.ToLower(o.SHA256)
	return o, nil
}

// partSize is the usual size, or the smallest multiple of it with which the
// file has no more parts than it may.
func partSize(size, usual int64) int64 {
	least := (size + MaxParts - 1) / MaxParts
	return max(1, (least+usual-1)/usual) * usual
}
