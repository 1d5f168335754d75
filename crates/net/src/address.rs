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

/// The same for IPv6, with the ranges that carry an IPv4 address inside (6to4, NAT64, Teredo).
const BLOCKED_V6: [(Ipv6Addr, u8); 13] = [
    (Ipv6Addr::UNSPECIFIED, 96),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// Which addresses may be connected to: public ones, and the ranges that the operator allows.
#[derive(Debug, Clone, Default)]
pub struct AddressRules {
    allowed: Vec<IpNet>,
}

impl AddressRules {
    /// Public addresses, and these ranges.
    pub fn allowing(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether this address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allowed.iter().any(|range| range.contains(&address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !BLOCKED_V4.iter().any(|(net, bits)| Ipv4Net::new_assert(*net, *bits).contains(&v4)),
        IpAddr::V6(v6) => !BLOCKED_V6.iter().any(|(net, bits)| Ipv6Net::new_assert(*net, *bits).contains(&v6)),
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
        // Mapped, 6to4, NAT64 and the old compatible form, each of 127.0.0.1.
        for address in ["::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "::127.0.0.1"] {
            assert!(!permits(address), "{address}");
        }
    }

    #[test]
    fn an_allowed_range_is_permitted_in_every_spelling() {
        let rules = AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(rules.permits("127.0.0.1".parse().unwrap()));
        assert!(rules.permits("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!rules.permits("10.0.0.1".parse().unwrap()));
    }
}
