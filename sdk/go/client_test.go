package sajin_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sajin-sns/sajin/cmd/sajin/server"
	"github.com/sajin-sns/sajin/config"
	sajin "github.com/sajin-sns/sajin/sdk/go"
	"github.com/sajin-sns/sajin/sdk/go/api"
)

// running starts a server in memory.
func running(t *testing.T, configure func(*config.Config)) string {
	t.Helper()
	c := server.InMemory()
	c.Uploads.PartSize = 1 << 10
	if configure != nil {
		configure(&c)
	}
	s, err := server.Start(t.Context(), c, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.URL
}

// wire lets a test count and break requests.
type wire struct {
	breaks func(*http.Request) error
}

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := w.breaks(r); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(r)
}

func signedUp(t *testing.T, url string, breaks func(*http.Request) error) *sajin.Client {
	t.Helper()
	var transport http.RoundTripper
	if breaks != nil {
		transport = wire{breaks}
	}
	client, err := sajin.New(url, transport)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.SignUp(t.Context(), api.NewAccount{Email: "hana@example.com", Password: "correct horse", Handle: "hana"}); err != nil {
		t.Fatal(err)
	}
	return client
}

func TestSession(t *testing.T) {
	t.Run("an access token that runs out is renewed, and the new tokens are handed out", func(t *testing.T) {
		client := signedUp(t, running(t, func(c *config.Config) { c.Auth.AccessTTL = time.Second }), nil)
		first := client.Tokens()
		var saved atomic.Pointer[sajin.Tokens]
		client.Resume(first, func(t sajin.Tokens) { saved.Store(&t) })
		time.Sleep(1100 * time.Millisecond)
		if _, err := client.GetWalletWithResponse(t.Context()); err != nil {
			t.Fatal(err)
		}
		if now := saved.Load(); now == nil || now.Access == first.Access || now.Refresh == first.Refresh || *now != client.Tokens() {
			t.Errorf("saved %+v", saved.Load())
		}
	})
	t.Run("another program goes on with the tokens, until the session is signed out", func(t *testing.T) {
		url := running(t, nil)
		client := signedUp(t, url, nil)
		other, err := sajin.New(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		other.Resume(client.Tokens(), nil)
		if _, err := other.GetWalletWithResponse(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := client.SignOutNow(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := other.GetWalletWithResponse(t.Context()); problem(err).Status != http.StatusUnauthorized {
			t.Error(err)
		}
	})
	t.Run("the token goes to the server alone", func(t *testing.T) {
		url := running(t, nil)
		client := signedUp(t, url, func(r *http.Request) error {
			if !strings.HasPrefix(r.URL.String(), url+"/") && r.Header.Get("Authorization") != "" {
				t.Errorf("sent to %s", r.URL.Host)
			}
			return nil
		})
		if _, err := client.Open(t.Context(), strings.Replace(url, "127.0.0.1", "localhost", 1)+"/v1/wallet"); problem(err).Status != http.StatusUnauthorized {
			t.Error(err)
		}
	})
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	client := signedUp(t, running(t, nil), nil)
	_, err := client.CreateUploadWithResponse(t.Context(), api.NewUpload{Filename: "x", ContentType: "image/jpeg", Size: -1, Purpose: api.NewUploadPurposePost})
	p := problem(err)
	if p.Status != http.StatusUnprocessableEntity || p.Code == "" || p.TraceID == "" || p.Errors == nil || !strings.Contains(err.Error(), "body.size") {
		t.Errorf("%+v", err)
	}
}

func TestUpload(t *testing.T) {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, image.NewGray(image.Rect(0, 0, 900, 700)), nil); err != nil {
		t.Fatal(err)
	}
	file := sajin.File{Name: "grey.jpg", ContentType: "image/jpeg", Size: int64(picture.Len()), Data: bytes.NewReader(picture.Bytes())}

	t.Run("progress grows to the whole, and a part that fails is sent again", func(t *testing.T) {
		var parts atomic.Int64
		client := signedUp(t, running(t, nil), func(r *http.Request) error {
			if r.Method == http.MethodPut && parts.Add(1) == 2 {
				return errors.New("the connection broke")
			}
			return nil
		})
		var seen []int64
		f := file
		f.Progress = func(sent, total int64) {
			if total != f.Size {
				t.Errorf("of %d", total)
			}
			seen = append(seen, sent)
		}
		id, err := client.Upload(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		if medium, err := client.WaitForMedium(t.Context(), id); err != nil || medium.Width != 900 {
			t.Errorf("%+v, %v", medium, err)
		}
		if len(seen) < 3 || seen[len(seen)-1] != f.Size || seen[0] >= seen[1] {
			t.Errorf("progress %v", seen)
		}
	})
	t.Run("an upload goes on where it was, and sends only what is missing", func(t *testing.T) {
		var broken atomic.Bool
		var parts atomic.Int64
		client := signedUp(t, running(t, nil), func(r *http.Request) error {
			if r.Method == http.MethodPut && parts.Add(1) > 2 && broken.Load() {
				return errors.New("the connection broke")
			}
			return nil
		})
		broken.Store(true)
		var upload uuid.UUID
		f := file
		f.Started = func(u api.Upload) { upload = u.ID }
		short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if _, err := client.Upload(short, f); err == nil {
			t.Fatal("it cannot have arrived")
		}
		broken.Store(false)
		parts.Store(0)
		id, err := client.ResumeUpload(t.Context(), upload, file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.WaitForMedium(t.Context(), id); err != nil {
			t.Error(err)
		}
		if all := (file.Size + 1023) / 1024; parts.Load() != all-2 {
			t.Errorf("%d of %d parts were sent again, two had arrived", parts.Load(), all)
		}
	})
	t.Run("a file that is no picture is said to have failed, and why", func(t *testing.T) {
		client := signedUp(t, running(t, nil), nil)
		id, err := client.Upload(t.Context(), sajin.File{Name: "x.jpg", ContentType: "image/jpeg", Size: 5, Data: strings.NewReader("<svg>")})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.WaitForMedium(t.Context(), id)
		if failed, ok := errors.AsType[*sajin.MediumFailed](err); !ok || failed.Code != "media.type-unsupported" {
			t.Error(err)
		}
	})
}

func problem(err error) *sajin.Error {
	if p, ok := errors.AsType[*sajin.Error](err); ok {
		return p
	}
	return &sajin.Error{}
}
