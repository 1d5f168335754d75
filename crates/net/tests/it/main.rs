//! The guarded client against listeners on this machine.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod properties;
mod proxies;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use campanile_net::{AddressRules, Client, Request, SendError, parse_url};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

fn request(url: &str) -> Request {
    Request {
        method: "POST",
        url: parse_url(url).unwrap().to_string(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: "{}".into(),
        timeout: Duration::from_secs(2),
        keep: 16,
        tls: None,
    }
}

/// Answers every request on every connection with `answer`, and reports each connection.
async fn receiver(answer: &'static str) -> (u16, mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (connected, connections) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = connected.send(());
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (port, connections)
}

fn local() -> Client {
    Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]))
}

#[tokio::test]
async fn no_spelling_of_an_inner_address_is_connected_to() {
    let (port, mut connections) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let client = Client::new(AddressRules::default());
    let hosts = [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[2002:7f00:1::]",
        "[64:ff9b::127.0.0.1]",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ];
    for host in hosts {
        let refused = client.send(request(&format!("http://{host}:{port}/"))).await;
        assert!(matches!(refused, Err(SendError::Blocked(_))), "{host}: {refused:?}");
    }
    assert!(connections.try_recv().is_err(), "nobody connected");
}

#[tokio::test]
async fn a_name_is_judged_by_what_it_resolves_to_when_connecting() {
    let (port, mut connections) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    // `localhost` is the one name that resolves without a network. The rules for addresses decide.
    let refused = Client::new(AddressRules::default()).send(request(&format!("http://localhost:{port}/"))).await;
    assert!(matches!(refused, Err(SendError::Blocked(_))), "{refused:?}");
    assert_eq!(local().send(request(&format!("http://localhost:{port}/"))).await.unwrap().status, 200);
    assert!(connections.recv().await.is_some());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (inner, mut reached) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{inner}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _connections) = receiver(answer.leak()).await;
    let response = local().send(request(&format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!(response.status, 307);
    assert!(reached.try_recv().is_err());
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (port, mut connections) = receiver("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let client = local();
    for _ in 0..3 {
        assert_eq!(client.send(request(&format!("http://127.0.0.1:{port}/"))).await.unwrap().body, b"ok");
    }
    connections.recv().await.unwrap();
    assert!(connections.try_recv().is_err(), "one connection served all three");
}

#[tokio::test]
async fn an_answer_is_cut_and_a_silence_ends() {
    let long = format!("HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\n{}", "x".repeat(100));
    let (port, _connections) = receiver(long.leak()).await;
    let response = local().send(request(&format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!((response.status, response.body.len()), (500, 16));

    let (port, _connections) = receiver("").await;
    let mut silent = request(&format!("http://127.0.0.1:{port}/"));
    silent.timeout = Duration::from_millis(100);
    assert!(matches!(local().send(silent).await, Err(SendError::TimedOut(_))));
}

#[test]
fn only_http_urls_are_taken() {
    assert!(parse_url("ftp://example.com/").is_err());
    assert!(parse_url("example.com").is_err());
    assert!(parse_url("http:///").is_err());
    assert_eq!(parse_url("HTTP://EXAMPLE.com:80").unwrap().as_str(), "http://example.com/");
}

#[tokio::test]
async fn connections_stay_within_their_bound_whatever_is_sent_to_how_many() {
    let client = local().with_connections(16);
    let mut ports = Vec::new();
    for _ in 0..60 {
        ports.push(receiver("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.0);
    }
    let sent = ports.iter().cycle().take(300).map(|port| {
        let (client, url) = (client.clone(), format!("http://127.0.0.1:{port}/"));
        tokio::spawn(async move {
            (client.send(request(&url)).await.map(|answer| answer.status), client.open_connections())
        })
    });
    for answered in sent.collect::<Vec<_>>() {
        let (status, open) = answered.await.unwrap();
        assert_eq!(status.unwrap(), 200, "who waits for a turn does not fail");
        assert!(open <= 16, "{open}");
    }
}

#[tokio::test]
async fn waiting_for_a_turn_is_not_part_of_the_deadline() {
    // A receiver that accepts connections and never answers holds all turns until its requests time
    // out.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let (port, _connections) = receiver("HTTP/1.1 204 No Content\r\n\r\n").await;
    let client = local().with_connections(16);
    let brief = Request { timeout: Duration::from_millis(300), ..request(&url) };
    let silent: Vec<_> = (0..client.turns())
        .map(|_| {
            let (client, brief) = (client.clone(), brief.clone());
            tokio::spawn(async move { client.send(brief).await })
        })
        .collect();
    tokio::task::yield_now().await;
    let quick = Request { timeout: Duration::from_millis(250), ..request(&format!("http://127.0.0.1:{port}/")) };
    assert_eq!(client.send(quick).await.unwrap().status, 204);
    for silent in silent {
        assert!(matches!(silent.await.unwrap(), Err(SendError::TimedOut(_))));
    }
}

/// A receiver that answers with the bytes that `say` returns for the n-th request of a connection.
/// The connection is closed after `None`.
async fn odd_receiver(say: fn(usize) -> Option<Vec<&'static str>>) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::<AtomicUsize>::default();
    let counted = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counted = counted.clone();
            tokio::spawn(async move {
                let (mut buffer, mut nth) = ([0; 4096], 0);
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let Some(parts) = say(nth) else { return };
                    for part in parts {
                        let _ = stream.write_all(part.as_bytes()).await;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    nth += 1;
                }
            });
        }
    });
    (port, asked)
}

#[tokio::test]
async fn an_answer_may_be_as_odd_as_it_likes() {
    let (port, _) = odd_receiver(|_| {
        let many: String = (0..300).map(|n| format!("x-{n}: {n}\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\nX Bad Name: 1\r\nfolded: a\r\n b\r\n{many}content-length: 2\r\n\r\nok");
        Some(vec![Box::leak(head.into_boxed_str())])
    })
    .await;
    let answer = local().send(request(&format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"ok".as_slice()));
}

#[tokio::test]
async fn a_body_without_end_does_not_unsay_the_status() {
    let begin = |_| Some(vec!["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"]);
    let (port, _) = odd_receiver(begin).await;
    let mut request = request(&format!("http://127.0.0.1:{port}/"));
    request.timeout = Duration::from_millis(300);
    let answer = local().send(request).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"x".as_slice()));
}

#[tokio::test]
async fn a_kept_connection_that_is_closed_when_it_is_used_again_is_made_anew_at_once() {
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let (port, asked) = odd_receiver(|nth| (nth == 0).then(|| vec![OK])).await;
    let (client, url) = (local(), format!("http://127.0.0.1:{port}/"));
    for _ in 0..3 {
        assert_eq!(client.send(request(&url)).await.unwrap().status, 200);
    }
    assert!(asked.load(Ordering::SeqCst) <= 5, "once more, and not for ever");
    let (port, asked) = odd_receiver(|_| None).await;
    assert!(client.send(request(&format!("http://127.0.0.1:{port}/"))).await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 1, "over a new connection it is the receiver's answer");
}
