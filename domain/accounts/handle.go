package accounts

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sajin-sns/sajin/domain/fault"
)

var handleForm = regexp.MustCompile(`^[A-Za-z0-9_]{3,30}$`)

// reserved are handles that would pass for the operator, or stand where a path
// of the API has a word of its own.
var reserved = []string{
	"about", "account", "accounts", "admin", "administrator", "anonymous", "api", "auth", "billing", "chat", "deleted",
	"docs", "everyone", "explore", "help", "inbox", "jwks", "library", "login", "logout", "media", "mod", "moderator",
	"null", "official", "operator", "payments", "payouts", "posts", "privacy", "root", "sajin", "search", "security",
	"service", "sessions", "settings", "signin", "signup", "staff", "subscriptions", "support", "system", "tags", "team",
	"terms", "undefined", "uploads", "user", "users", "wallet", "webhooks", "www",
}

// ParseHandle brings a handle into the form that it is kept and looked up in,
// lower case. It fails with Invalid for anything but 3 to 30 letters a to z,
// digits and underscores. A reserved one passes: it is refused to those who
// want it, not to those who look for it.
func ParseHandle(s string) (string, error) {
	s = strings.TrimSpace(s)
	if !handleForm.MatchString(s) {
		return "", fault.Invalidf("accounts.handle", "handle", "must be 3 to 30 letters a to z, digits or underscores")
	}
	return strings.ToLower(s), nil
}

// claimHandle is ParseHandle for somebody who wants the handle.
func claimHandle(s string) (string, error) {
	handle, err := ParseHandle(s)
	if err == nil && slices.Contains(reserved, handle) {
		return "", fault.Invalidf("accounts.handle-reserved", "handle", "is reserved; choose another one")
	}
	return handle, err
}
