package config

import (
	"net/mail"
	"net/url"
	"strings"
	"unicode"
)

func (c Config) checkMail(p *Problems) {
	if name := c.Mail.SiteName; name == "" || len(name) > 100 || strings.ContainsFunc(name, unicode.IsControl) {
		p.add("mail.site_name", "must be a line of 1 to 100 bytes")
	}
	if _, err := mail.ParseAddress(c.Mail.From); c.Mail.From != "" && err != nil {
		p.add("mail.from", "must be an address, such as sajin <hello@example.com>")
	}
	where := c.MailURL()
	switch where.Scheme() {
	case "smtp", "smtps":
		u, err := url.Parse(where.Reveal())
		if err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
			p.add("mail.url", "must be like smtp://user:password@host:587 or smtps://user:password@host:465")
		} else if tls := u.Query().Get("tls"); tls != "" && tls != "required" && (tls != "none" || u.Scheme == "smtps") {
			p.add("mail.url", "must have ?tls=required, or ?tls=none with smtp://, if it says anything of tls")
		}
		required(p, "mail.from", c.Mail.From)
	case "file":
		if where == "file:" {
			p.add("mail.url", "must name a folder after file:")
		}
	default:
		if where != "memory:" {
			p.add("mail.url", "must be smtp://..., smtps://..., file:<path> or memory:")
		}
	}
}
