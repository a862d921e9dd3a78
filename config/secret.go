package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

const hidden = "***"

// Secret is text that must not be seen. However it is printed, logged or
// encoded, *** comes out; empty stays empty, so that one can tell that none is set.
type Secret string

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format answers every verb alike: fmt would show the bytes for those, as %d,
// that it finds unfit for a string.
func (s Secret) Format(f fmt.State, verb rune) { printAs(f, verb, s.String()) }

// GoString is for those who call it by hand; %#v goes through Format.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// MarshalText hides the secret from JSON, YAML and whatever else encodes text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// URL is where something is, possibly with a password in it, which is hidden
// however the URL is printed, logged or encoded.
type URL string

// Reveal is the whole URL.
func (u URL) Reveal() string { return string(u) }

// Scheme is what stands before the first colon: "sqlite", "postgres", "s3".
func (u URL) Scheme() string {
	scheme, _, found := strings.Cut(string(u), ":")
	if !found {
		return ""
	}
	return scheme
}

// String is the URL with *** for a password and for parameters that sound like one.
func (u URL) String() string {
	if u == "" {
		return ""
	}
	if scheme := u.Scheme(); (scheme == "nats" || scheme == "tls") && strings.Contains(string(u), ",") {
		servers := strings.Split(string(u), ",")
		for i, server := range servers {
			servers[i] = URL(server).String()
		}
		return strings.Join(servers, ",")
	}
	parsed, err := url.Parse(string(u))
	if err != nil || parsed.Scheme == "" || strings.Contains(parsed.Opaque, "@") ||
		parsed.Host != "" && strings.Contains(parsed.Path, "@") {
		return hidden // not understood, so no part of it is known to be harmless
	}
	if _, set := parsed.User.Password(); set {
		parsed.User = url.UserPassword(parsed.User.Username(), hidden)
	} else if parsed.User != nil && (parsed.Scheme == "nats" || parsed.Scheme == "tls") {
		parsed.User = url.User(hidden) // a token
	}
	query := parsed.Query()
	for name := range query {
		if soundsSecret(name) {
			query.Set(name, hidden)
			parsed.RawQuery = query.Encode()
		}
	}
	return strings.ReplaceAll(parsed.String(), url.QueryEscape(hidden), hidden)
}

// Format answers every verb with the harmless form.
func (u URL) Format(f fmt.State, verb rune) { printAs(f, verb, u.String()) }

// GoString is for those who call it by hand; %#v goes through Format.
func (u URL) GoString() string { return fmt.Sprintf("%q", u.String()) }

// MarshalText encodes the harmless form.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// LogValue logs the harmless form.
func (u URL) LogValue() slog.Value { return slog.StringValue(u.String()) }

func soundsSecret(parameter string) bool {
	name := strings.ToLower(parameter)
	for _, word := range [...]string{"pass", "secret", "token", "key"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

func printAs(f fmt.State, verb rune, text string) {
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = fmt.Sprintf("%q", text)
	}
	_, _ = io.WriteString(f, text)
}
