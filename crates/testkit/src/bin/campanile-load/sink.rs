//! A receiver that uses little processor time. It counts arrivals, checks signatures and measures
//! times.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_net::{SigningSecret, verify};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 204 X\r\ncontent-length: 0\r\n\r\n";

/// Counters of the requests that arrived.
#[derive(Default)]
pub(crate) struct Arrived {
    /// All requests.
    pub(crate) requests: AtomicU64,
    /// Requests whose number had arrived before.
    pub(crate) repeated: AtomicU64,
    /// Requests with a wrong signature.
    pub(crate) unsigned: AtomicU64,
    /// For each endpoint, the numbers that arrived, one bit each.
    seen: Mutex<Vec<Vec<u64>>>,
    /// The time from the intended sending to the arrival of each, if it is measured.
    pub(crate) waits: Mutex<Vec<Duration>>,
    takes_time: AtomicBool,
    secrets: Mutex<Vec<Option<SigningSecret>>>,
    began: Mutex<Option<Instant>>,
    last: AtomicU64,
}

/// A listening receiver.
pub(crate) struct Sink {
    pub(crate) address: String,
    pub(crate) arrived: Arc<Arrived>,
}

impl Sink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let arrived = Arc::new(Arrived::default());
        let within = arrived.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, within.clone()));
            }
        });
        Self { address, arrived }
    }

    /// Resets the counters. The times in the payloads count from now, in microseconds.
    pub(crate) fn begin(&self, secrets: Vec<Option<SigningSecret>>, takes_time: bool) -> Instant {
        let began = Instant::now();
        let arrived = &self.arrived;
        for counter in [&arrived.requests, &arrived.repeated, &arrived.unsigned, &arrived.last] {
            counter.store(0, Ordering::SeqCst);
        }
        *arrived.seen.lock().expect("nobody panics") = vec![Vec::new(); secrets.len()];
        *arrived.secrets.lock().expect("nobody panics") = secrets;
        arrived.waits.lock().expect("nobody panics").clear();
        *arrived.began.lock().expect("nobody panics") = Some(began);
        arrived.takes_time.store(takes_time, Ordering::SeqCst);
        began
    }

    /// Waits until the expected number has arrived, or nothing has for ten seconds. Returns the
    /// time of the last arrival.
    pub(crate) async fn until(&self, expected: u64) -> Duration {
        let (mut known, mut since) = (0, Instant::now());
        loop {
            let now = self.arrived.requests.load(Ordering::SeqCst);
            if now != known {
                (known, since) = (now, Instant::now());
            }
            if now >= expected || since.elapsed() > Duration::from_secs(10) {
                return Duration::from_micros(self.arrived.last.load(Ordering::SeqCst));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn converse(mut stream: TcpStream, arrived: Arc<Arrived>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = vec![0u8; 64 * 1024];
    let mut filled = 0;
    loop {
        match stream.read(&mut buffer[filled..]).await {
            Ok(read) if read > 0 => filled += read,
            _ => return,
        }
        let mut at = 0;
        while let Some(length) = take(&buffer[at..filled], &arrived) {
            at += length;
            if stream.write_all(ANSWER).await.is_err() {
                return;
            }
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
}

/// Reads one request if it is complete. Returns its length.
fn take(bytes: &[u8], arrived: &Arrived) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let header = |name: &str| {
        head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    let length: usize = header("content-length")?.parse().ok()?;
    let body = bytes.get(end..end + length)?;
    let path = head.split(' ').nth(1).unwrap_or("/0");
    let endpoint: usize = path.trim_start_matches('/').parse().unwrap_or(0);
    note(arrived, endpoint, body, [header("svix-id"), header("svix-timestamp"), header("svix-signature")]);
    Some(end + length)
}

/// Counts a payload such as `{"n":123,"at":456,…` or `n=123 at=456 …`: its number, and its intended
/// time of sending.
fn note(arrived: &Arrived, endpoint: usize, body: &[u8], signed: [Option<&str>; 3]) {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let number = |name: &str| -> Option<u64> {
        let named = [format!("\"{name}\":"), format!("{name}=")];
        let (at, named) = named.iter().find_map(|named| Some((text.find(named)?, named)))?;
        let rest = &text[at + named.len()..];
        rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
    };
    let elapsed = arrived.began.lock().expect("nobody panics").map_or(Duration::ZERO, |began| began.elapsed());
    if let Some(n) = number("n") {
        let mut seen = arrived.seen.lock().expect("nobody panics");
        if let Some(seen) = seen.get_mut(endpoint) {
            let (word, bit) = ((n / 64) as usize, 1u64 << (n % 64));
            if seen.len() <= word {
                seen.resize(word + 1, 0);
            }
            if seen[word] & bit != 0 {
                arrived.repeated.fetch_add(1, Ordering::Relaxed);
            }
            seen[word] |= bit;
        }
    }
    let secret = arrived.secrets.lock().expect("nobody panics").get(endpoint).cloned().flatten();
    if let (Some(secret), [Some(id), Some(timestamp), Some(signature)]) = (secret, signed) {
        let now = campanile_base::Clock::System.now();
        if verify(&secret, id, timestamp, body, signature, now).is_err() {
            arrived.unsigned.fetch_add(1, Ordering::Relaxed);
        }
    } else {
        arrived.unsigned.fetch_add(1, Ordering::Relaxed);
    }
    if arrived.takes_time.load(Ordering::Relaxed)
        && let Some(at) = number("at")
    {
        let wait = elapsed.saturating_sub(Duration::from_micros(at));
        arrived.waits.lock().expect("nobody panics").push(wait);
    }
    arrived.requests.fetch_add(1, Ordering::SeqCst);
    arrived.last.fetch_max(elapsed.as_micros() as u64, Ordering::SeqCst);
}
