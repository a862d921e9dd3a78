package contract

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sajin-sns/sajin/domain/ident"
	"github.com/sajin-sns/sajin/ports/mail"
)

// Mailing is a sender, and what arrived of what it sent.
type Mailing struct {
	mail.Sender

	// Arrived is everything, in any order. ParseMail makes it of bytes.
	Arrived func(t *testing.T) []mail.Message

	// Twice tells that the sender only hands messages on: whoever gets them
	// finds out that one was sent twice.
	Twice bool
}

// Mail is what sajin relies on in every sender of mail.
func Mail(t *testing.T, open func(t *testing.T) Mailing) {
	t.Run("a message arrives as it was written", func(t *testing.T) { mailArrives(t, open(t)) })
	t.Run("a message that is sent again is the same one", func(t *testing.T) { mailAgain(t, open(t)) })
	t.Run("what is no message is refused for good", func(t *testing.T) { mailRefused(t, open(t)) })
	t.Run("nothing is sent for who has gone", func(t *testing.T) {
		m := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := m.Send(ctx, aMail("gone")); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := len(m.Arrived(t)); n != 0 {
			t.Errorf("%d arrived", n)
		}
	})
	t.Run("many send at once", func(t *testing.T) {
		m := open(t)
		const many = 12
		var all sync.WaitGroup
		want := make([]mail.Message, many)
		for i := range many {
			want[i] = aMail(ident.AccountID{15: byte(i)}.String())
			all.Go(func() {
				if err := m.Send(t.Context(), want[i]); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff(want, m.Arrived(t), mailByID); diff != "" {
			t.Error(diff)
		}
	})
}

var mailByID = cmpopts.SortSlices(func(a, b mail.Message) bool { return a.ID < b.ID })

func aMail(id string) mail.Message {
	return mail.Message{
		ID: id + "@photos.example.com", To: mail.Address{Address: "hana@example.com"}, Subject: "Hello", Text: "Hello\n",
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
}

func mailArrives(t *testing.T, m Mailing) {
	plain, korean, both, long := aMail("plain"), aMail("korean"), aMail("both"), aMail("long")
	korean.To.Name, korean.Subject = `하나 "K" \ <k>`, strings.Repeat("이메일 주소를 확인해 주세요 ✓ ", 5)
	plain.Text = ".\n..\n.\n a link that is longer than a line of quoted-printable may be: https://photos.example.com/verify-email#sjl_abc\n"
	korean.Text = "안녕하세요, 하나님\n\n.\n..\nFrom the beginning = 100 %\ttab \nhttps://photos.example.com/verify-email#sjo_abc\n"
	both.HTML = "<p>Hello <a href=\"https://photos.example.com/?a=1&b=2\">사진</a></p>\n"
	long.Text = strings.Repeat("a long line ", 500) + "\n" + strings.Repeat("가", 2000) + "\n"
	want := []mail.Message{plain, korean, both, long}
	for _, message := range want {
		if err := m.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, m.Arrived(t), mailByID); diff != "" {
		t.Error(diff)
	}
}

func mailAgain(t *testing.T, m Mailing) {
	message := aMail("again")
	for range 2 {
		if err := m.Send(t.Context(), message); err != nil {
			t.Fatal(err)
		}
	}
	want := []mail.Message{message}
	if m.Twice {
		want = append(want, message)
	}
	if diff := cmp.Diff(want, m.Arrived(t)); diff != "" {
		t.Error(diff)
	}
	t.Run("another one is not, though it says the same", func(t *testing.T) {
		other := message
		other.ID = "other@photos.example.com"
		if err := m.Send(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(want, other), m.Arrived(t), mailByID); diff != "" {
			t.Error(diff)
		}
	})
}

func mailRefused(t *testing.T, m Mailing) {
	for _, change := range []func(m *mail.Message){
		func(m *mail.Message) { m.Subject = "Hello\r\nBcc: all@example.com" },
		func(m *mail.Message) { m.To.Name = "Hana\r\nBcc: all@example.com" },
		func(m *mail.Message) { m.To.Address = "hana@example.com>\r\nRCPT TO:<all@example.com" },
		func(m *mail.Message) { m.ID = "a@b\r\nBcc: all@example.com" },
		func(m *mail.Message) { m.To.Address = "" },
		func(m *mail.Message) { m.Text = "" },
	} {
		message := aMail("bad")
		change(&message)
		if _, refused := errors.AsType[*mail.Refused](m.Send(t.Context(), message)); !refused {
			t.Errorf("%+v was not refused", message)
		}
	}
	if arrived := m.Arrived(t); len(arrived) != 0 {
		t.Errorf("arrived: %+v", arrived)
	}
}

// ParseMail reads a message as whoever gets it does.
func ParseMail(t *testing.T, raw []byte) mail.Message {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v in %s", err, raw)
		}
	}
	parsed, err := netmail.ReadMessage(bytes.NewReader(raw))
	must(err)
	for field, values := range parsed.Header {
		if len(values) != 1 {
			t.Errorf("%d times %s", len(values), field)
		}
	}
	to, err := parsed.Header.AddressList("To")
	must(err)
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	must(err)
	at, err := parsed.Header.Date()
	must(err)
	m := mail.Message{
		ID: strings.Trim(parsed.Header.Get("Message-Id"), "<>"), To: mail.Address{Name: to[0].Name, Address: to[0].Address},
		Subject: subject, At: at.UTC(),
	}
	kind, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	must(err)
	read := func(r io.Reader) string {
		text, err := io.ReadAll(r)
		must(err)
		return strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	if kind == "text/plain" {
		m.Text = read(parsed.Body)
		if parsed.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			m.Text = read(quotedprintable.NewReader(strings.NewReader(m.Text)))
		}
		return m
	}
	parts := multipart.NewReader(parsed.Body, parameters["boundary"])
	first, err := parts.NextPart()
	must(err)
	m.Text = read(first)
	second, err := parts.NextPart()
	must(err)
	m.HTML = read(second)
	return m
}
