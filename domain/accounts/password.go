package accounts

import (
	"unicode/utf8"

	"github.com/sajin-sns/sajin/domain/fault"
)

// Limits of a password. Nothing is asked of it but length: rules about what it
// must contain make people choose worse ones.
const (
	MinPassword      = 8    // characters
	MaxPassword      = 128  // characters
	MaxPasswordBytes = 1024 // whatever the characters are
)

// CheckPassword accepts a password to be. path names the field in the fault,
// which does not repeat the password.
func CheckPassword(path, password string) error {
	if !utf8.ValidString(password) {
		return fault.Invalidf("accounts.password", path, "must be valid UTF-8")
	}
	if n := utf8.RuneCountInString(password); n < MinPassword || n > MaxPassword || len(password) > MaxPasswordBytes {
		return fault.Invalidf("accounts.password", path, "must have %d to %d characters and at most %d bytes", MinPassword, MaxPassword, MaxPasswordBytes)
	}
	return nil
}
