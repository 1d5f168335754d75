//! The address of the caller: that of the connection, or the one that a trusted reverse proxy
//! reports.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED: &str = "x-forwarded-for";

/// The address that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeerAddress(pub(crate) IpAddr);

impl PeerAddress {
    /// The address of the connection, unless it belongs to a trusted proxy. Then it is the last
    /// address in `X-Forwarded-For` that is not a trusted proxy.
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

/// True if an address lies in one of these ranges.
pub(super) fn is_among(address: IpAddr, ranges: &[IpNet]) -> bool {
    let address = address.to_canonical();
    ranges.iter().any(|range| range.contains(&address))
}
