package config

import (
	"slices"
	"strings"
)

// What a process may do; by default it does everything.
const (
	RoleAPI    = "api"    // answers clients, and delivers media
	RoleWorker = "worker" // carries events to their consumers, does jobs and chores
	RoleMedia  = "media"  // does the jobs that take a processor long: pictures and films
)

var roles = []string{RoleAPI, RoleWorker, RoleMedia}

// Has tells whether this process has the role.
func (c Config) Has(role string) bool { return slices.Contains(c.Roles, role) }

func (c Config) checkRoles(p *Problems) {
	if len(c.Roles) == 0 {
		p.add("roles", "must name what this process does: %s", strings.Join(roles, ", "))
	}
	for i, role := range c.Roles {
		if !slices.Contains(roles, role) {
			p.add("roles", "must be of %s: number %d is none", strings.Join(roles, ", "), i+1)
		}
		if slices.Contains(c.Roles[:i], role) {
			p.add("roles", "must not name a role twice: number %d is there before", i+1)
		}
	}
}
