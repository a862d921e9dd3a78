package mail_test

import (
	"bytes"
	"errors"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	port "github.com/sajin-sns/sajin/ports/mail"
)

var from = port.Address{Name: "사진", Address: "hello@photos.example.com"}

func message(change ...func(m *port.Message)) port.Message {
	m := port.Message{
		ID: "abc.def@photos.example.com", To: port.Address{Name: "하나", Address: "hana@example.com"},
		Subject: "Hello", Text: "Hello\n", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func compose(t *testing.T, m port.Message) (raw []byte, parsed *mail.Message) {
	t.Helper()
	raw, err := m.Compose(from)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes, or with half an end: %q", len(line), line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r > 127 }) {
			t.Errorf("not ASCII: %q", line)
		}
	}
	if parsed, err = mail.ReadMessage(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	return raw, parsed
}

func TestCompose(t *testing.T) {
	t.Run("a subject and names in Korean are read as they were written", func(t *testing.T) {
		subject := strings.Repeat("사진 계정의 이메일 주소를 확인해 주세요 ", 6) + "=?utf-8?q?no?="
		_, parsed := compose(t, message(func(m *port.Message) { m.Subject = subject }))
		got, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
		if err != nil || got != subject {
			t.Error(got, err)
		}
		for field, want := range map[string]mail.Address{"From": {Name: "사진", Address: from.Address}, "To": {Name: "하나", Address: "hana@example.com"}} {
			list, err := parsed.Header.AddressList(field)
			if err != nil || len(list) != 1 || *list[0] != want {
				t.Error(field, list, err)
			}
		}
	})
	t.Run("the same message is the same bytes", func(t *testing.T) {
		m := message(func(m *port.Message) { m.HTML = "<p>Hello</p>" })
		first, _ := compose(t, m)
		again, _ := compose(t, m)
		if diff := cmp.Diff(string(first), string(again)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an end of a line in the text is no end of the message", func(t *testing.T) {
		raw, _ := compose(t, message(func(m *port.Message) { m.Text = "one\n.\r\nX-Evil: 1\n\n..two\r" }))
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if strings.Contains(head, "Evil") || !strings.Contains(body, "X-Evil") {
			t.Error(string(raw))
		}
	})
	t.Run("a link in a plain text is whole", func(t *testing.T) {
		link := "https://photos.example.com/verify-email#" + strings.Repeat("a=b", 30)
		raw, err := message(func(m *port.Message) { m.Text = "Open\n\n" + link + "\n" }).Compose(from)
		if err != nil || !strings.Contains(string(raw), "\r\n\r\n"+link+"\r\n") {
			t.Error(string(raw), err)
		}
	})
	t.Run("a domain of another script is left as it is", func(t *testing.T) {
		m := message(func(m *port.Message) { m.To = port.Address{Address: "하나@예시.한국"} })
		raw, err := m.Compose(from)
		if err != nil || !bytes.Contains(raw, []byte("To: <하나@예시.한국>\r\n")) || m.To.ASCII() {
			t.Error(string(raw), err)
		}
	})
}

func TestCheck(t *testing.T) {
	for what, change := range map[string]func(m *port.Message){
		"a line break in the subject":         func(m *port.Message) { m.Subject = "Hello\r\nBcc: all@example.com" },
		"half a line break in the subject":    func(m *port.Message) { m.Subject = "Hello\rBcc: all@example.com" },
		"a zero in the subject":               func(m *port.Message) { m.Subject = "Hello\x00" },
		"an endless subject":                  func(m *port.Message) { m.Subject = strings.Repeat("a", port.MaxSubject+1) },
		"a line break in the name":            func(m *port.Message) { m.To.Name = "Hana\nBcc: all@example.com" },
		"a line break in the address":         func(m *port.Message) { m.To.Address = "hana@example.com\r\nRCPT TO:<all@example.com>" },
		"two addresses":                       func(m *port.Message) { m.To.Address = "hana@example.com,bora@example.com" },
		"an address with a name":              func(m *port.Message) { m.To.Address = "Hana <hana@example.com>" },
		"brackets within brackets":            func(m *port.Message) { m.To.Address = "hana@example.com> <bora@example.com" },
		"a parameter after the address":       func(m *port.Message) { m.To.Address = "hana@example.com> NOTIFY=SUCCESS" },
		"no address":                          func(m *port.Message) { m.To.Address = "" },
		"an address without a domain":         func(m *port.Message) { m.To.Address = "hana" },
		"an address that is not UTF-8":        func(m *port.Message) { m.To.Address = "\xff@example.com" },
		"a line break in the id":              func(m *port.Message) { m.ID = "a@b\r\nX: y" },
		"brackets in the id":                  func(m *port.Message) { m.ID = "<a@b>" },
		"an id of one half":                   func(m *port.Message) { m.ID = "a" },
		"no subject":                          func(m *port.Message) { m.Subject = "" },
		"no text":                             func(m *port.Message) { m.Text = "" },
		"a text that is not UTF-8":            func(m *port.Message) { m.Text = "\xff" },
		"no date":                             func(m *port.Message) { m.At = time.Time{} },
		"a control character of another kind": func(m *port.Message) { m.Subject = "a\u0085b" },
	} {
		t.Run(what+" is refused", func(t *testing.T) {
			m := message(change)
			_, err := m.Compose(from)
			for _, err := range []error{m.Check(), err} {
				if _, refused := errors.AsType[*port.Refused](err); !refused {
					t.Errorf("got %v", err)
				}
			}
		})
	}
	t.Run("what is right is not", func(t *testing.T) {
		if err := message().Check(); err != nil {
			t.Error(err)
		}
	})
}

func TestParseAddress(t *testing.T) {
	a, err := port.ParseAddress(`사진 <hello@photos.example.com>`)
	if err != nil || a != from {
		t.Error(a, err)
	}
	if _, err := port.ParseAddress("nobody"); err == nil {
		t.Error("accepted")
	}
}
