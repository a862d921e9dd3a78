package accounts

import "net/netip"

// Network is what of an address is one client's: the whole of one of version 4;
// of version 6 the first 64 bits, in which a client may choose from the rest as
// it likes. It is empty where the address is none.
func Network(at netip.Addr) string {
	at = at.Unmap().WithZone("")
	if !at.Is6() {
		if !at.IsValid() {
			return ""
		}
		return at.String()
	}
	network, _ := at.Prefix(64) // of an address that has 128 bits
	return network.String()
}

// Network is the network of the device's address.
func (d Device) Network() string {
	at, err := netip.ParseAddr(d.Address)
	if err != nil {
		return ""
	}
	return Network(at)
}
