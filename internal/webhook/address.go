package webhook

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const urlLengthMax = 2000

// closedNets are the networks that are not the public internet: IANA's registries
// of special-purpose addresses for IPv4 and IPv6. Of IPv6 only 2000::/3 is public
// at all, so everything outside it is refused as well.
var closedNets = nets(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // shared by carriers
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, where clouds keep their metadata
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"2002::/16",       // 6to4: carries any IPv4 address
	"2620:4f:8000::/48",
	"3fff::/20", // documentation
)

// insideNets are those of the closed networks that an installation may open with
// AllowPrivate, for receivers on the same machine or in the same company. The
// link-local ones are not among them: nobody's receiver is there.
var insideNets = nets(
	"10.0.0.0/8",
	"100.64.0.0/10",
	"127.0.0.0/8",
	"172.16.0.0/12",
	"192.168.0.0/16",
	"::1/128",
	"fc00::/7",
)

var publicIPv6 = netip.MustParsePrefix("2000::/3")

func nets(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, n := range list {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// mayReach tells whether events may be sent to this address. An IPv4 address
// dressed as IPv6 is judged as what it is.
func mayReach(a netip.Addr, allowPrivate bool) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if allowPrivate && within(insideNets, a) {
		return true
	}
	if a.Is6() && !publicIPv6.Contains(a) {
		return false
	}
	return !within(closedNets, a)
}

// Ports that a receiver may listen on, unless private addresses are allowed.
var publicPorts = []uint16{443, 8443}

func mayDial(port uint16, allowPrivate bool) bool {
	if allowPrivate {
		return port != 0
	}
	for _, p := range publicPorts {
		if p == port {
			return true
		}
	}
	return false
}

// CheckURL returns nil if events may be sent to this address, as far as its text
// tells. The address that its name resolves to is judged at every dial.
func CheckURL(text string, allowPrivate bool) error {
	if len(text) > urlLengthMax {
		return ErrEndpointURL.Detail("an address has at most %d bytes", urlLengthMax)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Hostname() == "":
		return ErrEndpointURL.Detail("this is not an absolute address")
	case u.Scheme != "https" && !(allowPrivate && u.Scheme == "http"):
		return ErrEndpointURL.Detail("events are sent over https alone")
	case u.User != nil:
		return ErrEndpointURL.Detail("an address must not hold a user or a password")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return ErrEndpointURL.Detail("an address must not hold a fragment")
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || !mayDial(uint16(n), allowPrivate) {
			return ErrEndpointURL.Detail("events are not sent to this port").WithNext("let the receiver listen on port 443 or 8443")
		}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !mayReach(a, allowPrivate) {
		return ErrEndpointURL.Detail("events are not sent to private, local or reserved addresses")
	}
	return nil
}
