package accounts

import (
	"slices"
	"strings"
	"unicode"

	"github.com/sajin-sns/sajin/domain/fault"
)

// MaxEmail is the most bytes of an e-mail address (RFC 5321).
const MaxEmail = 254

// Email is an e-mail address.
type Email struct {
	Address string // as it was written: what mail is sent to
	Key     string // what makes it the same address as another one
}

// ParseEmail accepts what could be an e-mail address: something, an at sign and
// a domain of several labels, without spaces and without what would need quotes.
// Whether mail arrives there is found out by sending some. Addresses that differ
// in case only are one.
//
// Letters that are ASCII in lower case alone are refused, the Kelvin sign for
// one: kim's address with it would be kim's to us and another's to mail servers.
func ParseEmail(s string) (Email, error) {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if len(s) > MaxEmail || at < 1 || strings.ContainsFunc(s, unfitForEmail) ||
		strings.IndexByte(s, '@') != at || !dotted(s[:at]) || !domainLike(s[at+1:]) {
		return Email{}, fault.Invalidf("accounts.email", "email", "must be an e-mail address of at most %d bytes", MaxEmail)
	}
	return Email{Address: s, Key: strings.ToLower(s)}, nil
}

// unfitForEmail also finds what is left of invalid UTF-8.
func unfitForEmail(r rune) bool {
	disguised := r > unicode.MaxASCII && unicode.ToLower(r) <= unicode.MaxASCII
	return disguised || !unicode.IsPrint(r) || r == unicode.ReplacementChar || strings.ContainsRune(` "(),:;<>[\]`, r)
}

// dotted tells whether dots stand between something only.
func dotted(s string) bool { return !slices.Contains(strings.Split(s, "."), "") }

func domainLike(s string) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	return len(labels) > 1
}
