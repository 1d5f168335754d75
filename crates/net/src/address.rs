//! Decides which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges that are not the public internet: private, loopback, link-local (where clouds keep
/// their metadata), shared, documentation, benchmarking, multicast and reserved ones.
/// Source: the IANA special-purpose address registries.
const BLOCKED_V4: [(Ipv4Addr, u8); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The same for IPv6. Some of these ranges contain an IPv4 address but are not needed for public
/// hosts: compatible addresses, Teredo, and translators for local use, where the IPv4 address may
/// be in several places. All other addresses with an IPv4 address inside are checked by it: see
/// [`embedded`].
const BLOCKED_V6: [(Ipv6Addr, u8); 11] = [
    (Ipv6Addr::UNSPECIFIED, 96),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// The addresses that may be connected to: public ones, and the ranges that the operator allows.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    allowed: Vec<IpNet>,
}

impl AddressRules {
    /// Permits public addresses and these ranges.
    pub fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// True if this address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_allowed = |address: &IpAddr| self.allowed.iter().any(|range| range.contains(address));
        if is_allowed(&address) {
            return true;
        }
        match address {
            IpAddr::V6(v6) => is_public(address) && embedded(v6).is_none_or(|inner| self.permits(IpAddr::V4(inner))),
            IpAddr::V4(_) => is_public(address),
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !BLOCKED_V4.iter().any(|(net, bits)| Ipv4Net::new_assert(*net, *bits).contains(&v4)),
        IpAddr::V6(v6) => !BLOCKED_V6.iter().any(|(net, bits)| Ipv6Net::new_assert(*net, *bits).contains(&v6)),
    }
}

/// The IPv4 address that receives the packets to an IPv6 address, behind a translator or a tunnel.
///
/// Mapped addresses (`::ffff:a.b.c.d`) are converted before. Sources: RFC 2765 (translated,
/// `::ffff:0:a.b.c.d`), RFC 6052 (NAT64's well-known prefix), RFC 3056 (6to4), RFC 5214 (ISATAP, in
/// any network).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(address: &str) -> bool {
        AddressRules::default().permits(address.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_are_permitted() {
        for address in
            ["127.0.0.1", "10.1.2.3", "172.31.255.255", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.100.100.200"]
        {
            assert!(!permits(address), "{address}");
        }
        for address in ["::", "::1", "fe80::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"] {
            assert!(!permits(address), "{address}");
        }
        assert!(permits("93.184.216.34") && permits("2606:2800:220:1:248:1893:25c8:1946"));
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_judged_too() {
        let inner = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "100.100.100.200", "192.168.0.1", "0.0.0.0"];
        for inner in inner.map(|inner| inner.parse::<Ipv4Addr>().unwrap()) {
            for (form, address) in forms(inner) {
                assert!(!AddressRules::default().permits(address), "{form} of {inner}: {address}");
            }
        }
        // A public host behind NAT64, 6to4 or ISATAP, or mapped or translated, is still a public
        // host.
        let reached = forms(Ipv4Addr::new(93, 184, 216, 34)).into_iter();
        let reached = reached.filter(|(_, address)| AddressRules::default().permits(*address)).map(|(form, _)| form);
        let expected = ["mapped", "translated", "NAT64", "6to4", "ISATAP", "ISATAP, global"];
        assert_eq!(reached.collect::<Vec<_>>(), expected);
    }

    /// An IPv4 address in all forms that contain one.
    fn forms(v4: Ipv4Addr) -> Vec<(&'static str, IpAddr)> {
        let [a, b, c, d] = v4.octets().map(u16::from);
        let (high, low) = (a << 8 | b, c << 8 | d);
        let form = |name, s: [u16; 8]| (name, IpAddr::V6(Ipv6Addr::from(s)));
        vec![
            form("compatible", [0, 0, 0, 0, 0, 0, high, low]),
            form("mapped", [0, 0, 0, 0, 0, 0xffff, high, low]),
            form("translated", [0, 0, 0, 0, 0xffff, 0, high, low]),
            form("NAT64", [0x64, 0xff9b, 0, 0, 0, 0, high, low]),
            form("NAT64, local, /96", [0x64, 0xff9b, 1, 0, 0, 0, high, low]),
            form("NAT64, local, /48", [0x64, 0xff9b, 1, high, c, d << 8, 0, 0]),
            form("6to4", [0x2002, high, low, 0, 0, 0, 0, 1]),
            form("Teredo", [0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low]),
            form("ISATAP", [0x2606, 0x2800, 0x220, 1, 0, 0x5efe, high, low]),
            form("ISATAP, global", [0x2606, 0x2800, 0x220, 1, 0x200, 0x5efe, high, low]),
        ]
    }

    #[test]
    fn an_allowed_range_is_permitted_in_every_spelling() {
        let rules = AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(rules.permits("127.0.0.1".parse().unwrap()));
        assert!(rules.permits("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!rules.permits("10.0.0.1".parse().unwrap()));
    }
}
