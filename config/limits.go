package config

import "net/netip"

// Limits hold back who asks too often. Those of requests are kept by each
// process for itself, and count accounts where somebody is signed in, client
// addresses elsewhere; those of an hour are kept in the database, by all
// processes together. 0 limits nothing.
type Limits struct {
	Enabled bool `koanf:"enabled" default:"true" doc:"false takes every limit below away"`

	ReadPerMinute        int `koanf:"read_per_minute" default:"1200" min:"0" max:"1000000" doc:"requests that only read; 0 in any limit means none"`
	ReadBurst            int `koanf:"read_burst" default:"300" min:"0" max:"1000000" doc:"how many of them may come at once"`
	WritePerMinute       int `koanf:"write_per_minute" default:"600" min:"0" max:"1000000" doc:"requests that change something"`
	WriteBurst           int `koanf:"write_burst" default:"200" min:"0" max:"1000000" doc:"how many of them may come at once"`
	ExpensivePerMinute   int `koanf:"expensive_per_minute" default:"300" min:"0" max:"1000000" doc:"searches, and uploads that begin or end"`
	ExpensiveBurst       int `koanf:"expensive_burst" default:"120" min:"0" max:"1000000" doc:"how many of them may come at once"`
	CredentialsPerMinute int `koanf:"credentials_per_minute" default:"300" min:"0" max:"1000000" doc:"signing up and in, refreshing tokens, passwords, mail"`
	CredentialsBurst     int `koanf:"credentials_burst" default:"120" min:"0" max:"1000000" doc:"how many of them may come at once"`
	MoneyPerMinute       int `koanf:"money_per_minute" default:"300" min:"0" max:"1000000" doc:"purchases and top-ups"`
	MoneyBurst           int `koanf:"money_burst" default:"100" min:"0" max:"1000000" doc:"how many of them may come at once"`
	WebhookPerMinute     int `koanf:"webhook_per_minute" default:"6000" min:"0" max:"1000000" doc:"messages of payment providers, for each address that they come from"`
	WebhookBurst         int `koanf:"webhook_burst" default:"1000" min:"0" max:"1000000" doc:"how many of them may come at once"`
	DeliveryPerMinute    int `koanf:"delivery_per_minute" default:"12000" min:"0" max:"1000000" doc:"renditions that are fetched, and parts of uploads"`
	DeliveryBurst        int `koanf:"delivery_burst" default:"2000" min:"0" max:"1000000" doc:"how many of them may come at once"`

	SignInPerDevice  int `koanf:"sign_in_per_device" default:"20" min:"0" max:"1000000" doc:"wrong passwords in an hour for one account, from one device or client address"`
	SignInPerAddress int `koanf:"sign_in_per_address" default:"100" min:"0" max:"1000000" doc:"wrong passwords in an hour from one client address, for all accounts that have not signed in from there"`
	SignInPerAccount int `koanf:"sign_in_per_account" default:"50" min:"0" max:"1000000" doc:"wrong passwords in an hour for one account, from all devices and addresses that it has not signed in from"`
	SignUpPerAddress int `koanf:"sign_up_per_address" default:"100" min:"0" max:"1000000" doc:"accounts in an hour from one client address"`
	MailPerRecipient int `koanf:"mail_per_recipient" default:"3" min:"0" max:"1000000" doc:"mails in an hour to one mail address that somebody asks for"`
	MailPerAddress   int `koanf:"mail_per_address" default:"10" min:"0" max:"1000000" doc:"mails in an hour that are asked for from one client address"`
}

// loopback is what trusted_proxies calls this machine.
const loopback = "loopback"

// Proxies are the networks of http.trusted_proxies.
func (h HTTP) Proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range h.TrustedProxies {
		if text == loopback {
			all = append(all, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
			continue
		}
		if at, err := netip.ParseAddr(text); err == nil && at.Zone() == "" {
			at = at.Unmap()
			all = append(all, netip.PrefixFrom(at, at.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		all = append(all, network.Masked())
	}
	return all, nil
}
