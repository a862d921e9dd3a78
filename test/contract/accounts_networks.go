package contract

import (
	"testing"

	"github.com/sajin-sns/sajin/domain/accounts"
	"github.com/sajin-sns/sajin/domain/ident"
)

func familiarNetworks(t *testing.T, p *people) {
	hana, bora := p.add("hana").ID, p.add("bora").ID
	n := 0
	from := func(address string) ident.SessionID {
		n++
		s := accounts.OpenSession(ident.New[ident.SessionID](p.ids), hana, accounts.Device{Address: address}, tokenHash(n), sessionTTL, p.clock)
		p.must(p.Sessions.Insert(t.Context(), s))
		return s.Record().ID
	}
	familiar := func(account ident.AccountID, network string, want bool) {
		t.Helper()
		got, err := p.Devices.Familiar(t.Context(), account, network)
		p.must(err)
		if got != want {
			t.Errorf("%s of %s: %v", network, account, got)
		}
	}
	end := func(id ident.SessionID, why accounts.Ending) {
		p.must(p.change(p.byID(id), func(s *accounts.Session) error { return s.End(hana, why, p.clock) }))
	}
	from("192.0.2.1")
	from("2001:db8:1:2:3::4")
	familiar(hana, "192.0.2.1", true)
	familiar(hana, "2001:db8:1:2::/64", true)
	familiar(hana, "192.0.2.10", false)
	familiar(hana, "2001:db8:1:3::/64", false)
	familiar(bora, "192.0.2.1", false)

	for why, want := range map[accounts.Ending]bool{
		accounts.EndedSignOut: true, accounts.EndedDeleted: true,
		accounts.EndedRevoked: false, accounts.EndedReuse: false, accounts.EndedPasswordChanged: false,
	} {
		address := "198.51.100." + string(rune('1'+n))
		id := from(address)
		familiar(hana, address, true)
		end(id, why)
		familiar(hana, address, want)
	}
	p.clock = p.clock.Add(2 * sessionTTL) // over, and not dropped yet
	familiar(hana, "192.0.2.1", true)
	from("198.51.100.90")
	familiar(hana, "198.51.100.90", true)
}
