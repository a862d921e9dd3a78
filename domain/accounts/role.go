package accounts

import "github.com/sajin-sns/sajin/domain/fault"

// Role is what an account may do beside what everybody may.
type Role string

// The roles.
const (
	Member    Role = "member"
	Moderator Role = "moderator" // sees every post
	Admin     Role = "admin"     // and the operator's side of the API
)

// ParseRole reads a role by its name.
func ParseRole(s string) (Role, error) {
	switch role := Role(s); role {
	case Member, Moderator, Admin:
		return role, nil
	default:
		return "", fault.Invalidf("accounts.role", "role", "must be member, moderator or admin")
	}
}
