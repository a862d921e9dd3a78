package httpapi

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/sajin-sns/sajin/domain/accounts"
)

// deviceOf is what a request comes from.
func deviceOf(r *http.Request) accounts.Device {
	d := accounts.Device{UserAgent: r.UserAgent()}
	if at := clientOf(r.Context()); at.IsValid() {
		d.Address = at.String()
	}
	return d
}

// door finds out where requests come from. Headers can say anything, so only
// those are believed that came through a proxy that the operator named.
type door struct {
	proxies []netip.Prefix
	log     *slog.Logger
	warned  sync.Once
	next    http.Handler
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	visitOf(r.Context()).client = d.client(r)
	d.next.ServeHTTP(w, r)
}

func (d *door) client(r *http.Request) netip.Addr {
	peer := peerOf(r.RemoteAddr)
	forwarded, standard := r.Header["X-Forwarded-For"], r.Header["Forwarded"]
	if len(forwarded) == 0 && len(standard) == 0 {
		return peer
	}
	if !d.trusted(peer) {
		if peer.IsLoopback() || peer.IsPrivate() {
			d.warned.Do(func() {
				d.log.WarnContext(r.Context(), "a proxy that is not in http.trusted_proxies forwards requests: all its clients count as one", "peer", peer.String())
			})
		}
		return peer
	}
	switch {
	case len(standard) == 0:
		return d.walk(peer, strings.Split(strings.Join(forwarded, ","), ","), parseHop)
	case len(forwarded) == 0:
		return d.walk(peer, elements(standard), parseForwarded)
	}
	// A proxy writes one of the two and may let the client's other one pass.
	at := d.walk(peer, strings.Split(strings.Join(forwarded, ","), ","), parseHop)
	if at != d.walk(peer, elements(standard), parseForwarded) {
		return peer
	}
	return at
}

// walk follows a list of hops from its end, where the nearest proxy has written,
// up to the first that is no proxy of ours. What cannot be read there was not
// written by one: then nothing is believed.
func (d *door) walk(peer netip.Addr, hops []string, parse func(string) (netip.Addr, bool)) netip.Addr {
	at := peer
	for _, hop := range slices.Backward(hops) {
		next, ok := parse(hop)
		if !ok {
			return peer
		}
		if at = next; !d.trusted(at) {
			break
		}
	}
	return at
}

func (d *door) trusted(at netip.Addr) bool {
	return slices.ContainsFunc(d.proxies, func(p netip.Prefix) bool { return p.Contains(at) })
}

// elements takes the lines of Forwarded apart at commas that are not in quotes.
func elements(lines []string) (items []string) {
	for _, line := range lines {
		quoted, from := false, 0
		for i := 0; i < len(line); i++ {
			switch {
			case quoted && line[i] == '\\':
				i++
			case line[i] == '"':
				quoted = !quoted
			case line[i] == ',' && !quoted:
				items = append(items, line[from:i])
				from = i + 1
			}
		}
		items = append(items, line[from:])
	}
	return items
}

// parseForwarded reads the for= of one element of Forwarded (RFC 7239), which
// may be there once.
func parseForwarded(element string) (at netip.Addr, ok bool) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if !strings.EqualFold(name, "for") {
			continue
		}
		if ok {
			return netip.Addr{}, false
		}
		if inner, open := strings.CutPrefix(value, `"`); open {
			if value, open = strings.CutSuffix(inner, `"`); !open {
				return netip.Addr{}, false
			}
		}
		if at, ok = parseHop(value); !ok {
			return netip.Addr{}, false
		}
	}
	return at, ok
}

// parseHop reads an address that may have a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if with, err := netip.ParseAddrPort(text); err == nil {
		return plain(with.Addr()), true
	}
	if inner, open := strings.CutPrefix(text, "["); open {
		if text, open = strings.CutSuffix(inner, "]"); !open || !strings.Contains(text, ":") {
			return netip.Addr{}, false
		}
	}
	at, err := netip.ParseAddr(text)
	return plain(at), err == nil
}

// peerOf is the address in a host and port, or none.
func peerOf(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return plain(at)
}

// plain gives an address its one form.
func plain(at netip.Addr) netip.Addr { return at.Unmap().WithZone("") }
