package mail

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what goes into a header, in bytes: a line has at most 998 (RFC 5322).
const (
	MaxAddress = 254
	MaxSubject = 600
	MaxName    = 300
)

// Check finds what must not be in a message, such as a line break in what
// becomes a header; *Refused.
func (m Message) Check() error {
	local, host, ok := strings.Cut(m.ID, "@")
	err := errors.Join(
		m.To.Check(),
		oneLine("subject", m.Subject, MaxSubject),
		oneLine("message id", m.ID, MaxAddress),
		unless(ok && local != "" && host != "" && !strings.ContainsAny(m.ID, " <>()[]\\,;:\"") && strings.Count(m.ID, "@") == 1, "the message id is none"),
		unless(m.Subject != "" && m.Text != "", "there is nothing in it"),
		unless(utf8.ValidString(m.Text) && utf8.ValidString(m.HTML), "the text is not UTF-8"),
		unless(!m.At.IsZero(), "it has no date"),
	)
	if err != nil {
		return &Refused{err}
	}
	return nil
}

// Check finds what must not be in an address.
func (a Address) Check() error {
	if err := oneLine("name", a.Name, MaxName); err != nil {
		return err
	}
	parsed, err := mail.ParseAddress("<" + a.Address + ">")
	if err != nil || parsed.Address != a.Address || len(a.Address) > MaxAddress || strings.ContainsFunc(a.Address, unfit) {
		return errors.New("the address is none")
	}
	return nil
}

func unfit(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == utf8.RuneError }

// ASCII tells whether the address can be written to everybody, and not only
// through servers that know of other letters (RFC 6531).
func (a Address) ASCII() bool {
	return !strings.ContainsFunc(a.Address, func(r rune) bool { return r > unicode.MaxASCII })
}

// String is the address as a header has it.
func (a Address) String() string { return (&mail.Address{Name: a.Name, Address: a.Address}).String() }

// ParseAddress reads "sajin <hello@example.com>", or the address alone.
func ParseAddress(text string) (Address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return Address{}, fmt.Errorf("read address: %w", err)
	}
	a := Address{Name: parsed.Name, Address: parsed.Address}
	return a, a.Check()
}

func oneLine(what, text string, limit int) error {
	return unless(len(text) <= limit && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl),
		"the "+what+" is no line of text, or too long a one")
}

func unless(right bool, complaint string) error {
	if right {
		return nil
	}
	return errors.New(complaint)
}

// Compose is the message as it travels (RFC 5322), with CRLF at the ends of
// lines. Of the same message it is the same, byte by byte. It fails as Check does.
func (m Message) Compose(from Address) ([]byte, error) {
	if err := errors.Join(m.Check(), from.Check()); err != nil {
		return nil, &Refused{err}
	}
	var out bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&out, "%s: %s\r\n", name, value) }
	header("Date", m.At.UTC().Format(time.RFC1123Z))
	header("Message-ID", "<"+m.ID+">")
	header("From", folded(from.String()))
	header("To", folded(m.To.String()))
	header("Subject", folded(mime.BEncoding.Encode("utf-8", m.Subject)))
	header("Auto-Submitted", "auto-generated") // keeps answering machines quiet: RFC 3834
	header("MIME-Version", "1.0")
	if m.HTML == "" {
		header("Content-Type", plain)
		header("Content-Transfer-Encoding", encoding(m.Text))
		out.WriteString("\r\n")
		err := encode(&out, m.Text)
		return out.Bytes(), err
	}
	digest := sha256.Sum256([]byte(m.ID))
	parts := multipart.NewWriter(&out)
	if err := parts.SetBoundary("sajin-" + hex.EncodeToString(digest[:16])); err != nil {
		return nil, err
	}
	header("Content-Type", "multipart/alternative;\r\n boundary=\""+parts.Boundary()+"\"")
	out.WriteString("\r\n")
	for _, part := range []struct{ kind, text string }{{plain, m.Text}, {"text/html; charset=utf-8", m.HTML}} {
		w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {part.kind}, "Content-Transfer-Encoding": {encoding(part.text)}})
		if err == nil {
			err = encode(w, part.text)
		}
		if err != nil {
			return nil, err
		}
	}
	err := parts.Close()
	return out.Bytes(), err
}

const plain = "text/plain; charset=utf-8"

// folded puts the words of an encoded text on lines of their own, which have at
// most 76 characters (RFC 2047).
func folded(text string) string {
	text = strings.ReplaceAll(text, "?= =?", "?=\r\n =?")
	if strings.HasPrefix(text, "=?") {
		return "\r\n " + text
	}
	return text
}

// mostLine is how long a line may be that is sent as it is.
const mostLine = 900

// encoding is how a text travels: as it is, if it can, so that a link in it is
// whole also for who looks at the bytes.
func encoding(text string) string {
	odd := func(r rune) bool { return r > unicode.MaxASCII || unicode.IsControl(r) && r != '\n' && r != '\t' }
	if strings.ContainsFunc(text, odd) {
		return "quoted-printable"
	}
	for line := range strings.SplitSeq(text, "\n") {
		if len(line) > mostLine {
			return "quoted-printable"
		}
	}
	return "7bit"
}

func encode(w io.Writer, text string) error {
	if encoding(text) == "7bit" {
		_, err := io.WriteString(w, strings.ReplaceAll(text, "\n", "\r\n"))
		return err
	}
	q := quotedprintable.NewWriter(w)
	if _, err := io.WriteString(q, strings.ReplaceAll(text, "\r\n", "\n")); err != nil {
		return err
	}
	return q.Close()
}
