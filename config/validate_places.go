package config

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

func (c Config) checkAddresses(p *Problems) {
	if !isHostPort(c.HTTP.Listen) {
		p.add("http.listen", "must be host:port, such as 127.0.0.1:7777 or :7777")
	}
	if c.Metrics.Listen != "" && !isHostPort(c.Metrics.Listen) {
		p.add("metrics.listen", "must be host:port, such as 127.0.0.1:9100, or empty")
	} else if c.Metrics.Listen == c.HTTP.Listen {
		p.add("metrics.listen", "must differ from http.listen; leave it empty for /metrics there")
	}
	if host, _, _ := net.SplitHostPort(c.Debug.Listen); c.Debug.Listen != "" && (!isHostPort(c.Debug.Listen) || !net.ParseIP(host).IsLoopback()) {
		p.add("debug.listen", "must be a loopback address with a port, such as 127.0.0.1:6060: profiles tell strangers too much")
	}
	if u, ok := webURL(c.HTTP.PublicURL); c.HTTP.PublicURL != "" &&
		(!ok || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "") {
		p.add("http.public_url", "must be http:// or https:// with a host and nothing after it, such as https://photos.example.com")
	}
	if _, err := c.HTTP.Proxies(); err != nil {
		p.add("http.trusted_proxies", "must hold networks such as 10.0.0.0/8, addresses, or loopback")
	}
	for _, api := range []struct{ key, url string }{
		{"payments.stripe.base_url", c.Payments.Stripe.BaseURL},
		{"payments.portone.base_url", c.Payments.PortOne.BaseURL},
	} {
		if _, ok := webURL(api.url); !ok {
			p.add(api.key, "must be an http:// or https:// URL")
		}
	}
}

func (c Config) checkStores(p *Problems) {
	database := c.DatabaseURL()
	switch database.Scheme() {
	case "sqlite":
		if database == "sqlite:" {
			p.add("database.url", "must name a file after sqlite:, or be sqlite::memory:")
		}
	case "postgres", "postgresql":
		if _, err := url.Parse(database.Reveal()); err != nil || !strings.Contains(database.Reveal(), "://") {
			p.add("database.url", "must be like postgres://user:password@host:5432/name")
		}
	default:
		p.add("database.url", "must start with sqlite: or postgres://")
	}

	if blob := c.BlobURL(); blob.Scheme() == "s3" {
		c.checkBucket(p, blob)
	} else if blob != "memory:" && (blob.Scheme() != "file" || blob == "file:") {
		p.add("blob.url", "must be file:<path>, memory: or s3://bucket?endpoint=...&region=...")
	}

	if c.Blob.Downloads == "redirect" && c.BlobURL().Scheme() != "s3" {
		p.add("blob.downloads", "must be proxy unless blob.url names a bucket: there is nowhere to redirect to")
	}
}

var streamName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func (c Config) checkEvents(p *Problems) {
	for address := range strings.SplitSeq(c.Events.URL.Reveal(), ",") {
		u, err := url.Parse(address)
		if c.Events.URL != "" && (err != nil || u.Scheme != "nats" && u.Scheme != "tls" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
			p.add("events.url", "must be like nats://host:4222 or tls://host:4222, with commas between several, or empty")
			break
		}
	}
	if !streamName.MatchString(c.Events.Stream) {
		p.add("events.stream", "must be up to 32 letters, digits, hyphens and underscores")
	}
}

func (c Config) checkBucket(p *Problems, blob URL) {
	u, err := url.Parse(blob.Reveal())
	if err != nil || u.Host == "" {
		p.add("blob.url", "must name the bucket: s3://bucket?endpoint=...&region=...")
		return
	}
	if endpoint := u.Query().Get("endpoint"); endpoint != "" {
		if at, ok := webURL(endpoint); !ok || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.User != nil {
			p.add("blob.url", "must have an http:// or https:// URL as its endpoint, with nothing after the host")
		}
	}
	if style := u.Query().Get("style"); style != "" && style != "path" && style != "host" {
		p.add("blob.url", "must have path or host as its style, or none")
	}
	if strings.Trim(u.Path, "abcdefghijklmnopqrstuvwxyz0123456789._-/") != "" {
		p.add("blob.url", "must have a prefix of a-z, 0-9, /, ., _ and -, or none")
	}
	if c.Blob.AccessKey == "" {
		p.add("blob.access_key", "must be set for a bucket")
	}
	if c.Blob.SecretKey == "" {
		p.add("blob.secret_key", "must be set for a bucket")
	}
	if c.Uploads.PartSize < 5<<20 {
		p.add("uploads.part_size", "must be at least 5MiB for a bucket")
	}
}

func isHostPort(address string) bool {
	_, port, err := net.SplitHostPort(address)
	_, notNumber := strconv.ParseUint(port, 10, 16)
	return err == nil && notNumber == nil
}

func webURL(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	return u, err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
