package accounts_test

import (
	"testing"

	"github.com/sajin-sns/sajin/domain/accounts"
)

func TestNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"198.51.100.7": "198.51.100.7", "::ffff:198.51.100.7": "198.51.100.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64", "2001:db8:1:3::": "2001:db8:1:3::/64",
		"fe80::1%eth0": "fe80::/64", "::1": "::/64", "": "", "pipe": "", "1.2.3": "",
	} {
		if got := (accounts.Device{Address: address}).Network(); got != want {
			t.Errorf("%q is of %q, want %q", address, got, want)
		}
	}
}
