package media

import (
	"time"

	"github.com/sajin-sns/sajin/domain/fault"
	"github.com/sajin-sns/sajin/domain/ident"
)

// MaxParts is the most parts that a file may be sent in.
const MaxParts = 10_000

// Faults of uploads. Somebody else's upload answers as ErrUploadNotFound.
var (
	ErrUploadNotFound   = fault.New(fault.NotFound, "media.upload-not-found", "there is no such upload")
	ErrUploadGone       = fault.New(fault.Gone, "media.upload-gone", "the upload has expired or was aborted; begin another one")
	ErrUploadCompleted  = fault.New(fault.Conflict, "media.upload-completed", "the upload is complete")
	ErrUploadIsForm     = fault.New(fault.Conflict, "media.upload-is-form", "the upload is sent with its form, not in parts; read the upload for a fresh one")
	ErrUploadIncomplete = fault.New(fault.Conflict, "media.upload-incomplete", "parts of the file are missing")
	ErrPartNotFound     = fault.New(fault.NotFound, "media.part-not-found", "the upload has no part of this number")
	ErrPartTooLarge     = fault.New(fault.TooLarge, "media.part-too-large", "the part has more bytes than it should")
	ErrPartSize         = fault.New(fault.Invalid, "media.part-size", "the part has fewer bytes than it should")
)

// UploadState is where an upload stands.
type UploadState string

// The states of an upload. None but Open is ever left.
const (
	UploadOpen      UploadState = "open"
	UploadCompleted UploadState = "completed"
	UploadAborted   UploadState = "aborted"
	UploadExpired   UploadState = "expired"
)

// Upload is a file on its way in, in numbered parts that are all of one size
// but for the last.
type Upload struct{ r UploadRecord }

// UploadRecord is an upload laid open, for storage.
type UploadRecord struct {
	ID          ident.UploadID
	Medium      ident.MediaID
	Owner       ident.AccountID
	Filename    string // as the sender calls it; never part of a path
	ContentType string // the sender's claim
	Size        int64
	SHA256      string // the sender's claim in hex, or ""
	PartSize    int64
	Key         string // where the file will be
	Ref         string // the storage's own name for the upload; "" until it has one
	State       UploadState
	CreatedAt   time.Time
	ExpiresAt   time.Time
}

// RestoreUpload makes an upload of what storage holds.
func RestoreUpload(r UploadRecord) *Upload { return &Upload{r: r} }

// Record lays the upload open.
func (u *Upload) Record() UploadRecord { return u.r }

// Started records what the storage calls the upload.
func (u *Upload) Started(ref string) { u.r.Ref = ref }

// Parts is the number of parts.
func (u *Upload) Parts() int { return int((u.r.Size + u.r.PartSize - 1) / u.r.PartSize) }

// Part is the size of one part.
func (u *Upload) Part(number int) (int64, error) {
	last := u.Parts()
	switch {
	case number < 1 || number > last:
		return 0, ErrPartNotFound
	case number < last:
		return u.r.PartSize, nil
	default:
		return u.r.Size - int64(last-1)*u.r.PartSize, nil
	}
}

// Arrived is a part that the storage has.
type Arrived struct {
	Number int
	Size   int64
}

// Missing lists the numbers of the parts that have not arrived whole.
func (u *Upload) Missing(arrived []Arrived) []int {
	sizes := make(map[int]int64, len(arrived))
	for _, a := range arrived {
		sizes[a.Number] = a.Size
	}
	missing := []int{}
	for number := 1; number <= u.Parts(); number++ {
		if size, _ := u.Part(number); sizes[number] != size {
			missing = append(missing, number)
		}
	}
	return missing
}

// Take checks that so many bytes may be taken in as a part.
func (u *Upload) Take(number int, size int64, now time.Time) error {
	if err := u.Open(now); err != nil {
		return err
	}
	want, err := u.Part(number)
	switch {
	case err != nil:
		return err
	case size > want:
		return ErrPartTooLarge.With("size", want)
	case size < want:
		return ErrPartSize.With("size", want)
	}
	return nil
}

// Of fails with ErrUploadNotFound unless the upload is the actor's.
func (u *Upload) Of(actor ident.AccountID) error {
	if u.r.Owner != actor {
		return ErrUploadNotFound
	}
	return nil
}

// Open fails unless parts may still come.
func (u *Upload) Open(now time.Time) error {
	switch {
	case u.r.State == UploadCompleted:
		return ErrUploadCompleted
	case u.r.State != UploadOpen || !now.Before(u.r.ExpiresAt):
		return ErrUploadGone
	default:
		return nil
	}
}

// Complete records that the storage has put the parts together, and says false
// when it was recorded before. It does not ask for the time: what the storage
// has made within it counts.
func (u *Upload) Complete() (fresh bool, err error) {
	switch u.r.State {
	case UploadOpen:
		u.r.State = UploadCompleted
		return true, nil
	case UploadCompleted:
		return false, nil
	default:
		return false, ErrUploadGone
	}
}

// Abort ends the upload at its owner's wish, and says false when it had ended
// before. A complete one is a medium, and is deleted as such.
func (u *Upload) Abort() (fresh bool, err error) {
	switch u.r.State {
	case UploadOpen:
		u.r.State = UploadAborted
		return true, nil
	case UploadCompleted:
		return false, ErrUploadCompleted
	default:
		return false, nil
	}
}

// Expire ends the upload if its time is over.
func (u *Upload) Expire(now time.Time) bool {
	if u.r.State != UploadOpen || now.Before(u.r.ExpiresAt) {
		return false
	}
	u.r.State = UploadExpired
	return true
}
