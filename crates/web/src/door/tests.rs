use std::time::Duration;

use axum::http::HeaderMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;

use super::connections::Connections;
use super::timeouts::{Phase, StreamWithTimeouts};
use super::*;

#[test]
fn connections_are_bounded_for_each_address_and_in_all() {
    let connections = Arc::new(Connections::new(3, 2));
    let (one, other) = ("10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap());
    let first = connections.enter(one, false).unwrap();
    let second = connections.enter(one, false).unwrap();
    assert!(connections.enter(one, false).is_none(), "one address has two");
    drop(connections.enter(one, true).expect("a proxy brings everybody"));
    let third = connections.enter(other, false).unwrap();
    assert!(connections.enter("10.0.0.3".parse().unwrap(), false).is_none(), "there are three in all");
    drop((first, third));
    assert!(connections.enter(one, false).is_some());
    drop(second);
    assert_eq!(connections.open(), 0);
}

#[test]
fn addresses_of_one_network_of_version_6_are_one_caller() {
    let connections = Arc::new(Connections::new(10, 1));
    let _first = connections.enter("2001:db8:1:2::1".parse().unwrap(), false).unwrap();
    assert!(connections.enter("2001:db8:1:2:ffff::9".parse().unwrap(), false).is_none());
    assert!(connections.enter("2001:db8:1:3::1".parse().unwrap(), false).is_some());
    let _mapped = connections.enter("::ffff:10.0.0.1".parse().unwrap(), false).unwrap();
    assert!(connections.enter("10.0.0.1".parse().unwrap(), false).is_none());
}

#[test]
fn only_a_trusted_proxy_says_whom_it_has_seen() {
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-for", "6.6.6.6, 1.2.3.4".parse().unwrap());
    headers.append("x-forwarded-for", "10.0.0.9".parse().unwrap());
    let seen = |peer: &str, proxies: &[IpNet]| PeerAddress::of(peer.parse().unwrap(), &headers, proxies).0.to_string();
    let proxies = ["10.0.0.0/8".parse().unwrap()];
    assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    assert_eq!(seen("9.9.9.9", &proxies), "9.9.9.9", "a stranger's words count for nothing");
    assert_eq!(seen("10.0.0.1", &proxies), "1.2.3.4", "what the caller has made up stands before it");
}

/// The time until reading is given up, if the peer does this and then nothing more.
async fn waited_for(
    does: impl AsyncFnOnce(&mut DuplexStream, &mut StreamWithTimeouts<DuplexStream>, &Phase),
) -> Duration {
    let (mut peer, ours) = tokio::io::duplex(64);
    let phase = Phase::default();
    let mut patient = StreamWithTimeouts::new(ours, phase.clone());
    does(&mut peer, &mut patient, &phase).await;
    let began = Instant::now();
    let read = tokio::time::timeout(Duration::from_secs(3_600), patient.read(&mut [0; 8])).await;
    assert!(matches!(read, Ok(Err(error)) if error.kind() == std::io::ErrorKind::TimedOut));
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_and_half_a_head_have_ten_seconds() {
    assert_eq!(waited_for(async |_, _, _| {}).await, bounds::HEAD_TIME);
    let half = waited_for(async |peer, patient, _| {
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            peer.write_all(b"GET /").await.unwrap();
            patient.read_exact(&mut [0; 5]).await.unwrap();
        }
    });
    assert!(half.await <= Duration::from_secs(2), "bytes that drip earn no more time");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_has_a_minute_and_a_head_that_has_begun_ten_seconds() {
    let idle = waited_for(async |_, _, phase| {
        drop(phase.begin().by(Response::default()));
    });
    assert_eq!(idle.await, bounds::IDLE_TIME);
    let begun = waited_for(async |peer, patient, phase| {
        drop(phase.begin().by(Response::default()));
        peer.write_all(b"P").await.unwrap();
        patient.read_exact(&mut [0; 1]).await.unwrap();
    });
    assert_eq!(begun.await, bounds::HEAD_TIME);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_anew_after_each_request() {
    let used = waited_for(async |peer, patient, phase| {
        for _ in 0..5 {
            drop(phase.begin().by(Response::default()));
            assert!(tokio::time::timeout(bounds::IDLE_TIME / 2, patient.read(&mut [0; 1])).await.is_err());
            peer.write_all(b"P").await.unwrap();
            patient.read_exact(&mut [0; 1]).await.unwrap();
        }
        drop(phase.begin().by(Response::default()));
    });
    assert_eq!(used.await, bounds::IDLE_TIME);
}

#[tokio::test(start_paused = true)]
async fn a_request_under_way_is_not_timed_and_an_upgraded_connection_neither() {
    let (_peer, ours) = tokio::io::duplex(64);
    let phase = Phase::default();
    let mut patient = StreamWithTimeouts::new(ours, phase.clone());
    let answering = phase.begin();
    let hour = Duration::from_secs(3_600);
    assert!(tokio::time::timeout(hour, patient.read(&mut [0; 8])).await.is_err());
    let mut upgrade = Response::default();
    *upgrade.status_mut() = axum::http::StatusCode::SWITCHING_PROTOCOLS;
    drop(answering.by(upgrade));
    assert!(tokio::time::timeout(hour, patient.read(&mut [0; 8])).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn who_reads_nothing_for_a_minute_is_given_up() {
    let (_peer, ours) = tokio::io::duplex(64);
    let mut patient = StreamWithTimeouts::new(ours, Phase::default());
    let began = Instant::now();
    let error = patient.write_all(&[0; 1_000]).await.unwrap_err();
    assert_eq!((error.kind(), began.elapsed()), (std::io::ErrorKind::TimedOut, bounds::WRITE_PAUSE));
}
