package config

import (
	"reflect"
	"slices"
	"strings"
)

// Validate tells everything that is wrong with the values, as Problems that name
// the keys. providers are the names of the payment providers that can be chosen.
func (c Config) Validate(providers []string) error {
	var p Problems
	c.checkLimits(&p)
	c.checkRoles(&p)
	c.checkAddresses(&p)
	c.checkStores(&p)
	c.checkEvents(&p)
	c.checkAuth(&p)
	c.checkMail(&p)
	c.checkPayments(&p, providers)
	c.checkWallet(&p)
	c.checkUploads(&p)
	c.checkTracing(&p)
	checkSlugs(&p, "content.categories", c.Content.Categories)
	if c.Production() {
		c.checkProduction(&p)
	}
	if len(p) == 0 {
		return nil
	}
	return p
}

// checkLimits holds every value against the tags of its field.
func (c Config) checkLimits(p *Problems) {
	for _, f := range fields {
		if f.named() {
			continue
		}
		v := reflect.ValueOf(c).FieldByIndex(f.index)
		if allowed := f.tag.Get("oneof"); allowed != "" && !slices.Contains(strings.Split(allowed, ","), v.String()) {
			p.add(f.key, "must be one of %s", strings.ReplaceAll(allowed, ",", ", "))
		}
		if least, ok := f.limit("min"); ok && v.Int() < least {
			p.add(f.key, "must be at least %s", f.tag.Get("min"))
		}
		if most, ok := f.limit("max"); ok && v.Int() > most {
			p.add(f.key, "must be at most %s", f.tag.Get("max"))
		}
	}
	if c.DataDir == "" {
		p.add("data_dir", "must name a folder")
	}
}

func (f field) limit(tag string) (int64, bool) {
	text, ok := f.tag.Lookup(tag)
	if !ok {
		return 0, false
	}
	v := reflect.New(f.typ).Elem()
	if err := assign(v, text); err != nil {
		panic("config: " + tag + " of " + f.key + ": " + err.Error())
	}
	return v.Int(), true
}

func (c Config) checkProduction(p *Problems) {
	if slices.Contains(c.Payments.Providers, "sandbox") {
		p.add("payments.providers", "must not have sandbox in production: it takes no real money")
	}
	if c.Auth.SigningKeyFile == "" {
		p.add("auth.signing_key_file", "must name a key file in production, so that the key outlives this machine")
	}
	if u, ok := webURL(c.PublicURL()); ok && u.Scheme != "https" {
		p.add("http.public_url", "must be an https:// URL in production")
	}
	if path := strings.TrimPrefix(c.DatabaseURL().Reveal(), "sqlite:"); strings.TrimPrefix(path, "//") == ":memory:" {
		p.add("database.url", "must not be in memory in production: it holds who paid for what")
	}
	if c.BlobURL() == "memory:" {
		p.add("blob.url", "must not be in memory in production: what was sold would be gone with the process")
	}
}
