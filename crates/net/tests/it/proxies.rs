//! Proxies: all calls go through the operator's proxy, except those in its list of exceptions.

use campanile_net::{AddressRules, Client, Proxy, SendError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::{local, receiver, request};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A proxy that reports, for each connection, the requested host and the credentials.
async fn proxy(is_socks: bool) -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let asked = asked.clone();
            tokio::spawn(async move {
                let (what, port) = if is_socks { socks(&mut stream).await } else { connect(&mut stream).await };
                let _ = asked.send(what);
                let mut onward = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut onward).await;
            });
        }
    });
    (port, told)
}

async fn connect(stream: &mut TcpStream) -> (String, u16) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let port = target.rsplit(':').next().unwrap().parse().unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    (head.replace(target, target.split(':').next().unwrap()), port)
}

/// SOCKS5 by RFC 1928. A name and a password are sent by RFC 1929.
async fn socks(stream: &mut TcpStream) -> (String, u16) {
    assert_eq!(stream.read_u8().await.unwrap(), 5);
    let mut methods = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut methods).await.unwrap();
    let mut who = String::new();
    if methods.contains(&2) {
        stream.write_all(&[5, 2]).await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), 1);
        for _ in 0..2 {
            let mut word = vec![0; usize::from(stream.read_u8().await.unwrap())];
            stream.read_exact(&mut word).await.unwrap();
            who.push_str(&format!("{} ", String::from_utf8(word).unwrap()));
        }
        stream.write_all(&[1, 0]).await.unwrap();
    } else {
        stream.write_all(&[5, 0]).await.unwrap();
    }
    let mut asked = [0; 4];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(asked, [5, 1, 0, 1], "we resolve names, so it is asked for an IPv4 address");
    let mut address = [0; 4];
    stream.read_exact(&mut address).await.unwrap();
    let port = stream.read_u16().await.unwrap();
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    (format!("{who}{}", std::net::Ipv4Addr::from(address)), port)
}

fn through(proxy: &str, past: &[&str]) -> Client {
    let past: Vec<String> = past.iter().map(|word| (*word).to_owned()).collect();
    local().through(Some(Proxy::parse(proxy, &past).unwrap()))
}

#[tokio::test]
async fn test_message_delivery_via_http_proxy() {
    let (port, _connections) = receiver(OK).await;
    let (at, mut told) = proxy(false).await;
    let client = through(&format!("http://me:secret@127.0.0.1:{at}"), &[]);
    let answer = client.send(request(&format!("http://localhost:{port}/"))).await.unwrap();
    assert_eq!(answer.status, 200);
    let head = told.recv().await.unwrap();
    assert!(head.starts_with("CONNECT 127.0.0.1 HTTP/1.1\r\n"), "it is asked for the address that was judged: {head}");
    assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic bwu6c2vjcmv0"), "{head}");
}

#[tokio::test]
async fn a_proxy_is_given_names_only_where_it_resolves_them() {
    let (port, _connections) = receiver(OK).await;
    let (at, mut told) = proxy(false).await;
    let client = through(&format!("http+names://127.0.0.1:{at}"), &[]);
    assert_eq!(client.send(request(&format!("http://nowhere.invalid:{port}/"))).await.unwrap().status, 200);
    assert!(told.recv().await.unwrap().starts_with("CONNECT nowhere.invalid "));
    let client = through(&format!("http://127.0.0.1:{at}"), &[]);
    let sent = client.send(request(&format!("http://nowhere.invalid:{port}/"))).await;
    assert!(matches!(sent, Err(SendError::Connection(_))), "{sent:?}");
    assert!(told.try_recv().is_err());
}

#[tokio::test]
async fn names_within_the_network_are_not_given_to_a_proxy() {
    for scheme in ["http", "http+names", "socks5"] {
        let (at, mut told) = proxy(scheme == "socks5").await;
        let proxy = Proxy::parse(&format!("{scheme}://127.0.0.1:{at}"), &[]).unwrap();
        let client = Client::new(AddressRules::default()).through(Some(proxy));
        for host in ["localhost", "localhost.", "127.0.0.1", "[::ffff:0:7f00:1]", "metadata.google.internal", "db"] {
            let sent = client.send(request(&format!("http://{host}:80/"))).await;
            assert!(matches!(sent, Err(SendError::Blocked(_) | SendError::Connection(_))), "{scheme} {host}: {sent:?}");
        }
        assert!(told.try_recv().is_err(), "{scheme}");
    }
}

#[tokio::test]
async fn test_message_delivery_via_socks5() {
    let (port, _connections) = receiver(OK).await;
    let (at, mut told) = proxy(true).await;
    let client = through(&format!("socks5://me:secret@127.0.0.1:{at}"), &[]);
    assert_eq!(client.send(request(&format!("http://localhost:{port}/"))).await.unwrap().status, 200);
    assert_eq!(told.recv().await.unwrap(), "me secret 127.0.0.1");
}

#[tokio::test]
async fn test_http_proxy_exceptions() {
    let (port, _connections) = receiver(OK).await;
    let (at, mut told) = proxy(false).await;
    let client = through(&format!("http://127.0.0.1:{at}"), &["localhost", "127.0.0.0/30"]);
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(client.send(request(&format!("http://{host}:{port}/"))).await.unwrap().status, 200);
    }
    assert!(told.try_recv().is_err(), "they go past it");
    assert_eq!(client.send(request(&format!("http://127.0.0.5:{port}/"))).await.unwrap().status, 200);
    assert!(told.recv().await.unwrap().contains("127.0.0.5"));
}

#[tokio::test]
async fn what_is_blocked_is_blocked_through_a_proxy_too() {
    for scheme in ["http", "http+names", "socks5"] {
        let (at, mut told) = proxy(scheme == "socks5").await;
        let proxy = Proxy::parse(&format!("{scheme}://127.0.0.1:{at}"), &[]).unwrap();
        let client = Client::new(AddressRules::default()).through(Some(proxy));
        let sent = client.send(request("http://169.254.169.254/latest")).await;
        assert!(matches!(sent, Err(SendError::Blocked(_))), "{scheme}: {sent:?}");
        assert!(told.try_recv().is_err());
    }
}

#[test]
fn what_is_no_proxy_is_refused() {
    for (address, why) in
        [("nonsense", "not a URL"), ("ftp://host", "must begin with"), ("socks4://host:1", "must begin")]
    {
        assert!(Proxy::parse(address, &[]).unwrap_err().contains(why), "{address}");
    }
}
