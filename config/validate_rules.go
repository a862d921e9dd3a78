package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

func (c Config) checkAuth(p *Problems) {
	if c.Auth.RefreshTTL < c.Auth.AccessTTL {
		p.add("auth.refresh_ttl", "must not be shorter than auth.access_ttl")
	}
	providers := c.IdentityProviders()
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		key, entry := "auth.oidc."+name, providers[name]
		if u, ok := webURL(entry.Issuer); !ok {
			p.add(key+".issuer", "must be the http:// or https:// URL of the provider")
		} else if c.Production() && u.Scheme != "https" {
			p.add(key+".issuer", "must be an https:// URL in production")
		}
		required(p, key+".client_id", entry.ClientID)
		required(p, key+".client_secret", entry.ClientSecret)
	}
}

func (c Config) checkPayments(p *Problems, known []string) {
	chosen := c.Payments.Providers
	for i, name := range chosen {
		if !slices.Contains(known, name) {
			p.add("payments.providers", "must name known providers (%s): %q is none", strings.Join(known, ", "), name)
		}
		if slices.Contains(chosen[:i], name) {
			p.add("payments.providers", "must not name %q twice", name)
		}
	}
	if stripe := c.Payments.Stripe; slices.Contains(chosen, "stripe") {
		required(p, "payments.stripe.secret_key", stripe.SecretKey)
		required(p, "payments.stripe.webhook_secret", stripe.WebhookSecret)
		required(p, "payments.stripe.publishable_key", stripe.PublishableKey)
	}
	if portone := c.Payments.PortOne; slices.Contains(chosen, "portone") {
		required(p, "payments.portone.api_secret", portone.APISecret)
		required(p, "payments.portone.store_id", portone.StoreID)
		required(p, "payments.portone.channel_key", portone.ChannelKey)
		required(p, "payments.portone.webhook_secret", portone.WebhookSecret)
	}
}

func (c Config) checkWallet(p *Problems) {
	const key = "wallet.coin_packs"
	ids := make([]string, len(c.Wallet.CoinPacks))
	for i, pack := range c.Wallet.CoinPacks {
		ids[i] = pack.ID
		if pack.Coins <= 0 || pack.Bonus < 0 || pack.Amount <= 0 {
			p.add(key, "must have coins and amount above 0 and a bonus of 0 or more: pack %d has not", i+1)
		}
		if !pack.Currency.Known() {
			p.add(key, "must have a currency that is known here, such as KRW or USD: pack %d has not", i+1)
		}
	}
	checkSlugs(p, key, ids)
}

const mostParts = 10_000 // that an upload may have: blob.Part

func (c Config) checkUploads(p *Problems) {
	u := c.Uploads
	if u.Quota > 0 && u.Quota < u.MaxBytes {
		p.add("uploads.quota", "must not be less than uploads.max_bytes, or be 0 for no quota")
	}
	if u.PartSize > 0 && (u.MaxBytes-1)/u.PartSize >= mostParts {
		p.add("uploads.part_size", "must be large enough for a file of uploads.max_bytes in %d parts", mostParts)
	}
}

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkSlugs(p *Problems, key string, list []string) {
	for i, item := range list {
		if len(item) > 64 || !slug.MatchString(item) {
			p.add(key, "must hold names of a-z, 0-9 and single hyphens, up to 64 characters: number %d is not one", i+1)
		}
		if slices.Contains(list[:i], item) {
			p.add(key, "must not hold a name twice: number %d is there before", i+1)
		}
	}
}

func required[T ~string](p *Problems, key string, value T) {
	if value == "" {
		p.add(key, "must be set")
	}
}
