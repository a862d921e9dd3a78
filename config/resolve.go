package config

import (
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"runtime"
	"strings"
)

// Production tells whether the server is meant for real customers.
func (c Config) Production() bool { return c.Env == "production" }

// PublicURL is http.public_url without a slash at its end, or what a browser on
// this machine would use for http.listen.
func (c Config) PublicURL() string {
	if c.HTTP.PublicURL != "" {
		return strings.TrimSuffix(c.HTTP.PublicURL, "/")
	}
	host, port, err := net.SplitHostPort(c.HTTP.Listen)
	if err != nil {
		return "http://" + c.HTTP.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// Issuer is auth.issuer, or the public URL.
func (c Config) Issuer() string {
	if c.Auth.Issuer != "" {
		return c.Auth.Issuer
	}
	return c.PublicURL()
}

// IdentityProviders are auth.oidc, with the issuer that goes without saying.
func (c Config) IdentityProviders() map[string]OIDC {
	all := maps.Clone(c.Auth.OIDC)
	if google, ok := all["google"]; ok && google.Issuer == "" {
		google.Issuer = "https://accounts.google.com"
		all["google"] = google
	}
	return all
}

// DatabaseURL is database.url, or sqlite: and a file in data_dir.
func (c Config) DatabaseURL() URL {
	if c.Database.URL != "" {
		return c.Database.URL
	}
	return URL("sqlite:" + filepath.Join(c.DataDir, "sajin.db"))
}

// BlobURL is blob.url, or file: and a folder in data_dir.
func (c Config) BlobURL() URL {
	if c.Blob.URL != "" {
		return c.Blob.URL
	}
	return URL("file:" + filepath.Join(c.DataDir, "blobs"))
}

// MailURL is mail.url, or file: and a folder in data_dir.
func (c Config) MailURL() URL {
	if c.Mail.URL != "" {
		return c.Mail.URL
	}
	return URL("file:" + filepath.Join(c.DataDir, "mail"))
}

// WorkerCount is media.workers, or one per core.
func (m Media) WorkerCount() int {
	if m.Workers > 0 {
		return m.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// Severity is log.level; info while that is not a level.
func (l Log) Severity() slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(l.Level)) != nil {
		return slog.LevelInfo
	}
	return level
}
