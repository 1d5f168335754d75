//! The address of the caller: the peer's, or the one that a trusted reverse proxy has seen.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED: &str = "x-forwarded-for";

/// The address that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

impl PeerAddress {
    /// The peer's own, unless it is a proxy that is trusted: then the last that no trusted proxy has.
    pub(super) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> Self {
        let peer = peer.to_canonical();
        if !is_among(peer, proxies) {
            return Self(peer);
        }
        let values: Vec<&str> = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok()).collect();
        let told = values.iter().rev().flat_map(|value| value.rsplit(','));
        let mut seen = peer;
        for word in told {
            let Ok(address) = word.trim().parse::<IpAddr>() else { break };
            seen = address.to_canonical();
            if !is_among(seen, proxies) {
                break;
            }
        }
        Self(seen)
    }
}

/// Whether an address is one of these.
pub(super) fn is_among(address: IpAddr, ranges: &[IpNet]) -> bool {
    let address = address.to_canonical();
    ranges.iter().any(|range| range.contains(&address))
}
