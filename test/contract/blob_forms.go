package contract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sajin-sns/sajin/ports/blob"
)

// sheet is an upload that is sent with a form.
type sheet struct {
	blobs
	t      *testing.T
	store  blob.Store
	forms  blob.FormUploader
	upload blob.Upload
}

const sheetSize = 5000

func (b blobs) sheet(t *testing.T) sheet {
	t.Helper()
	s := b.open(t)
	f := s.(blob.FormUploader)
	u, err := f.StartForm(t.Context(), "m/photo", "image/jpeg", sheetSize)
	if err != nil || u.Key != "m/photo" {
		t.Fatalf("%+v, %v", u, err)
	}
	return sheet{b, t, s, f, u}
}

func (s sheet) sign() blob.Form {
	s.t.Helper()
	form, err := s.forms.SignForm(s.t.Context(), s.upload, time.Minute)
	if err != nil {
		s.t.Fatal(err)
	}
	if left := time.Until(form.ExpiresAt); left <= 0 || left > 2*time.Minute {
		s.t.Errorf("it expires in %s", left)
	}
	return form
}

// post sends a form as a browser would, with other fields where change says so.
func (s sheet) post(form blob.Form, data []byte, change ...string) int {
	s.t.Helper()
	fields := map[string]string{}
	for name, value := range form.Fields {
		fields[name] = value
	}
	for i := 0; i < len(change); i += 2 {
		fields[change[i]] = change[i+1]
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		_ = w.WriteField(name, value)
	}
	file, _ := w.CreateFormFile("file", "photo.jpg")
	_, _ = file.Write(data)
	_ = w.Close()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, form.URL, &body)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", w.FormDataContentType())
	response, err := s.promises.Client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

func (s sheet) sent(form blob.Form, seed uint64) blob.Part {
	s.t.Helper()
	if status := s.post(form, blobNoise(seed, sheetSize)); status/100 != 2 {
		s.t.Fatalf("status %d", status)
	}
	parts := s.parts()
	if len(parts) != 1 || parts[0].Number != 1 || parts[0].Size != sheetSize || parts[0].ETag == "" {
		s.t.Fatalf("%+v", parts)
	}
	return parts[0]
}

func (s sheet) parts() []blob.Part {
	s.t.Helper()
	parts, err := s.store.ListParts(s.t.Context(), s.upload)
	if err != nil {
		s.t.Fatal(err)
	}
	return parts
}

func (s sheet) holds(seed uint64) {
	s.t.Helper()
	got, info := s.get(s.t, s.store, "m/photo")
	if !bytes.Equal(got, blobNoise(seed, sheetSize)) || info.ContentType != "image/jpeg" {
		s.t.Errorf("%d bytes of %s", len(got), info.ContentType)
	}
}

func (s sheet) over() {
	s.t.Helper()
	if _, err := s.store.ListParts(s.t.Context(), s.upload); !errors.Is(err, blob.ErrNotFound) {
		s.t.Errorf("parts of an upload that is over: %v", err)
	}
	if _, err := s.forms.SignForm(s.t.Context(), s.upload, time.Minute); !errors.Is(err, blob.ErrNotFound) {
		s.t.Errorf("a form for an upload that is over: %v", err)
	}
}

func (b blobs) forming(t *testing.T) {
	ctx := t.Context()
	if _, ok := b.open(t).(blob.FormUploader); ok != b.promises.Forms {
		t.Fatalf("promised to take forms: %v; does: %v", b.promises.Forms, ok)
	} else if !ok {
		return
	}
	t.Run("what a form sends becomes the object, when the upload is completed", func(t *testing.T) {
		s := b.sheet(t)
		if parts := s.parts(); len(parts) != 0 {
			t.Errorf("%+v", parts)
		}
		s.sign()
		part := s.sent(s.sign(), 1) // signed again
		b.absent(t, s.store, "m/photo")
		if keys := b.list(t, s.store, ""); len(keys) != 0 {
			t.Errorf("%q are listed", keys)
		}
		info := b.complete(t, s.store, s.upload, part)
		stat, err := s.store.Stat(ctx, "m/photo")
		if err != nil || stat != info || info.Size != sheetSize || info.Key != "m/photo" {
			t.Errorf("%+v, %+v, %v", info, stat, err)
		}
		s.holds(1)
		s.over()
		if again := b.complete(t, b.promises.Again(t, s.store), s.upload, part); again != info {
			t.Errorf("%+v, then %+v", info, again)
		}
		if open := b.started(t, s.store); len(open) != 0 {
			t.Errorf("%v are still open", open)
		}
	})
	t.Run("a form takes so many bytes of one type under one name, and nothing else", func(t *testing.T) {
		s := b.sheet(t)
		form := s.sign()
		data := blobNoise(1, sheetSize)
		for name, refused := range map[string]func() int{
			"a byte less":     func() int { return s.post(form, data[1:]) },
			"a byte more":     func() int { return s.post(form, append(data[:sheetSize:sheetSize], 'x')) },
			"nothing":         func() int { return s.post(form, nil) },
			"another type":    func() int { return s.post(form, data, "Content-Type", "text/html") },
			"another name":    func() int { return s.post(form, data, "key", "m/photo") },
			"a longer policy": func() int { return s.post(form, data, "policy", form.Fields["policy"]+"AA==") },
		} {
			if status := refused(); status < 400 {
				t.Errorf("%s: status %d", name, status)
			}
		}
		if parts := s.parts(); len(parts) != 0 {
			t.Errorf("%+v", parts)
		}
		b.absent(t, s.store, "m/photo")
	})
	t.Run("a form that has expired is refused", func(t *testing.T) {
		s := b.sheet(t)
		form, err := s.forms.SignForm(ctx, s.upload, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(form.ExpiresAt) + 1100*time.Millisecond)
		if status := s.post(form, blobNoise(1, sheetSize)); status < 400 {
			t.Errorf("status %d", status)
		}
	})
	t.Run("a form that is sent again counts until the upload is completed, and not after", func(t *testing.T) {
		s := b.sheet(t)
		form := s.sign()
		stale := s.sent(form, 1)
		part := s.sent(form, 2)
		other := part
		other.Size--
		for name, parts := range map[string][]blob.Part{"what was replaced": {stale}, "none": nil, "one too many": {part, part}, "another size": {other}} {
			if _, err := s.store.CompleteUpload(ctx, s.upload, parts); !errors.Is(err, blob.ErrIncomplete) {
				t.Errorf("%s: %v", name, err)
			}
		}
		b.absent(t, s.store, "m/photo")
		info := b.complete(t, s.store, s.upload, part)
		s.post(form, blobNoise(3, sheetSize))
		s.holds(2)
		s.over()
		if again := b.complete(t, s.store, s.upload, part); again != info {
			t.Errorf("%+v, then %+v", info, again)
		}
		s.holds(2)
	})
	t.Run("what was sent after the end is listed, and can be aborted", func(t *testing.T) {
		s := b.sheet(t)
		form := s.sign()
		b.complete(t, s.store, s.upload, s.sent(form, 1))
		s.post(form, blobNoise(2, sheetSize))
		open := b.started(t, s.store)
		if len(open) != 1 || open[s.upload].IsZero() {
			t.Fatalf("%v are open", open)
		}
		if err := s.store.AbortUpload(ctx, s.upload); err != nil {
			t.Fatal(err)
		}
		if open := b.started(t, s.store); len(open) != 0 {
			t.Errorf("%v are still open", open)
		}
		s.holds(1)
	})
	t.Run("an aborted form leaves nothing, and makes nothing", func(t *testing.T) {
		s := b.sheet(t)
		form := s.sign()
		part := s.sent(form, 1)
		if open := b.started(t, s.store); len(open) != 1 || open[s.upload].IsZero() {
			t.Errorf("%v are open", open)
		}
		for range 2 {
			if err := s.store.AbortUpload(ctx, s.upload); err != nil {
				t.Fatal(err)
			}
		}
		s.over()
		s.post(form, blobNoise(2, sheetSize))
		s.over()
		if _, err := s.store.CompleteUpload(ctx, s.upload, []blob.Part{part}); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("completing: %v", err)
		}
		b.absent(t, s.store, "m/photo")
	})
	t.Run("it is no upload in parts, and the other way round", func(t *testing.T) {
		s := b.sheet(t)
		if _, err := s.store.PutPart(ctx, s.upload, 1, strings.NewReader("x"), 1); err == nil || errors.Is(err, blob.ErrNotFound) {
			t.Errorf("a part: %v", err)
		}
		if p, ok := s.store.(blob.Presigner); ok {
			if _, err := p.PresignPart(ctx, s.upload, 1, sheetSize, time.Minute); err == nil {
				t.Error("a part is signed")
			}
		}
		parts := b.begin(t, s.store, "k")
		if _, err := s.forms.SignForm(ctx, parts, time.Minute); err == nil {
			t.Error("a form is signed for an upload in parts")
		}
		if !s.forms.IsForm(s.upload) || s.forms.IsForm(parts) || s.forms.IsForm(blob.Upload{Key: "k"}) {
			t.Error("they are taken for each other")
		}
	})
	t.Run("bad keys and sizes are refused", func(t *testing.T) {
		s := b.sheet(t)
		if _, err := s.forms.StartForm(ctx, "../k", "", 1); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("got %v", err)
		}
		for _, size := range []int64{0, -1} {
			if _, err := s.forms.StartForm(ctx, "k", "", size); !errors.Is(err, blob.ErrSize) {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
	})
	t.Run("of many that complete at once all are told that it is there", func(t *testing.T) {
		s := b.sheet(t)
		part := s.sent(s.sign(), 1)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if _, err := s.store.CompleteUpload(ctx, s.upload, []blob.Part{part}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		s.holds(1)
	})
}
