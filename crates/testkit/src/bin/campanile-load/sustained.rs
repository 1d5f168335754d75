//! A measurement over a quarter of an hour, instead of the usual ten seconds.
//!
//! First it finds the peak: all connections send as fast as they get answers, and the clock stops
//! when the last item has arrived. Then it sends four fifths of the peak at even intervals for
//! fifteen minutes, on the database as it is by then. Each minute it prints the numbers sent and
//! arrived, the times from the intended sending, the server's processor time and its memory. At the
//! end it compares the last minute with the first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_net::SigningSecret;
use campanile_testkit::server::Server;

use crate::sink::Sink;
use crate::{Line, cpu_seconds, quantile, resident};

const CONNECTIONS: u64 = 128;
const PEAK: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
const MINUTES: u32 = 15;
/// The rate, as a share of the peak.
const SHARE: f64 = 0.8;

/// A kind of request that is sent repeatedly, and the receiver of its effects.
pub(crate) struct Flow<'a> {
    pub(crate) name: String,
    pub(crate) server: &'a Server,
    pub(crate) sink: &'a Sink,
    pub(crate) secret: Option<SigningSecret>,
    /// Makes the request with this number, to be sent at this time.
    pub(crate) request: Arc<dyn Fn(u64, Duration) -> Vec<u8> + Send + Sync>,
    /// The expected status of the answer.
    pub(crate) status: u16,
}

/// Totals since the beginning.
struct SoFar {
    sent: u64,
    arrived: u64,
    cpu: f64,
}

/// The figures of one minute.
struct Minute {
    sent: u64,
    arrived: u64,
    p50: Duration,
    p99: Duration,
    cpu: f64,
    mebibytes: u64,
}

impl Flow<'_> {
    /// Finds the peak, and goes on below it. The word `brief` makes the second part a minute and a
    /// half; a number is the rate of the second part, in place of a share of the peak.
    pub(crate) async fn measure(&self, words: &[&str]) {
        let brief = words.contains(&"brief");
        let (peak, minute) = if brief { (PEAK / 4, MINUTE / 10) } else { (PEAK, MINUTE) };
        let began = self.begin();
        let numbers = Arc::new(AtomicU64::new(0));
        let sent = self.send(began, &numbers, Pace::Answers(peak)).await;
        let took = self.sink.until(sent).await;
        let peak = sent as f64 / took.as_secs_f64();
        let rate = words.iter().find_map(|word| word.parse().ok()).unwrap_or(peak * SHARE);
        println!("{}, sustained: {peak:.0}/s at the peak, {rate:.0}/s from now on", self.name);
        let minutes = self.go_on(&numbers, rate, minute).await;
        let (first, last) = (&minutes[0], &minutes[minutes.len() - 1]);
        println!(
            "{}, sustained: the last minute's rate is {:.2} of the first's, its p99 {:.2} times as long; {} MiB at the first's end, {} at the last's",
            self.name,
            last.arrived as f64 / first.arrived as f64,
            last.p99.as_secs_f64() / first.p99.as_secs_f64(),
            first.mebibytes,
            last.mebibytes,
        );
    }

    fn begin(&self) -> Instant {
        self.sink.begin(vec![self.secret.clone()], true)
    }

    async fn go_on(&self, numbers: &Arc<AtomicU64>, rate: f64, minute: Duration) -> Vec<Minute> {
        let began = self.begin();
        let first = numbers.load(Ordering::SeqCst);
        let sending = self.send(began, numbers, Pace::Clock { first, rate, until: minute * MINUTES });
        let watching = async {
            let (mut minutes, mut before) = (Vec::new(), self.so_far(numbers));
            for number in 1..=MINUTES {
                tokio::time::sleep_until((began + minute * number).into()).await;
                let now = self.so_far(numbers);
                minutes.push(self.minute(&before, &now));
                self.tell(number, &minutes[minutes.len() - 1], minute);
                before = now;
            }
            minutes
        };
        let (sent, minutes) = tokio::join!(sending, watching);
        self.sink.until(sent).await;
        let arrived = &self.sink.arrived;
        println!(
            "{}, sustained: {} of {sent} arrived, repeated {}, wrongly signed {}",
            self.name,
            arrived.requests.load(Ordering::SeqCst),
            arrived.repeated.load(Ordering::SeqCst),
            if self.secret.is_some() { arrived.unsigned.load(Ordering::SeqCst) } else { 0 },
        );
        minutes
    }

    fn so_far(&self, numbers: &AtomicU64) -> SoFar {
        let arrived = self.sink.arrived.requests.load(Ordering::Relaxed);
        SoFar { sent: numbers.load(Ordering::Relaxed), arrived, cpu: cpu_seconds(self.server) }
    }

    fn minute(&self, before: &SoFar, now: &SoFar) -> Minute {
        let mut waits = std::mem::take(&mut *self.sink.arrived.waits.lock().expect("nobody panics"));
        waits.sort_unstable();
        Minute {
            sent: now.sent - before.sent,
            arrived: now.arrived - before.arrived,
            p50: quantile(&waits, 0.5),
            p99: quantile(&waits, 0.99),
            cpu: now.cpu - before.cpu,
            mebibytes: resident(self.server) / 1024,
        }
    }

    fn tell(&self, number: u32, of: &Minute, minute: Duration) {
        println!(
            "{}, minute {number}: {:.0}/s sent, {:.0}/s arrived; p50 {:.2} ms, p99 {:.2} ms; {:.3} CPU s per 1,000, {} MiB",
            self.name,
            of.sent as f64 / minute.as_secs_f64(),
            of.arrived as f64 / minute.as_secs_f64(),
            of.p50.as_secs_f64() * 1_000.0,
            of.p99.as_secs_f64() * 1_000.0,
            of.cpu * 1_000.0 / of.arrived.max(1) as f64,
            of.mebibytes,
        );
    }

    /// Sends over all connections, and continues the numbers. Returns the number of accepted
    /// requests.
    async fn send(&self, began: Instant, numbers: &Arc<AtomicU64>, pace: Pace) -> u64 {
        let first = numbers.load(Ordering::SeqCst);
        let address = self.server.url("").trim_start_matches("http://").to_owned();
        let lines: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (address, numbers, request, status) =
                    (address.clone(), numbers.clone(), self.request.clone(), self.status);
                tokio::spawn(async move {
                    let mut line = Line::open(&address).await;
                    while !pace.is_over(began) {
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        let at = pace.turn_of(number, began).await;
                        assert_eq!(line.ask(&request(number, at)).await, status);
                    }
                })
            })
            .collect();
        for line in lines {
            line.await.expect("the load does not fail");
        }
        numbers.load(Ordering::SeqCst) - first
    }
}

/// The rule for the time of the next request.
#[derive(Clone, Copy)]
enum Pace {
    /// As soon as the last one was answered, for this time.
    Answers(Duration),
    /// At even intervals from the first number on, or as soon after as a connection is free; `rate`
    /// is per second.
    Clock { first: u64, rate: f64, until: Duration },
}

impl Pace {
    fn is_over(self, began: Instant) -> bool {
        let (Self::Answers(lasting) | Self::Clock { until: lasting, .. }) = self;
        began.elapsed() >= lasting
    }

    /// Waits until the request with this number is due. Returns its intended time.
    async fn turn_of(self, number: u64, began: Instant) -> Duration {
        match self {
            Self::Answers(_) => began.elapsed(),
            Self::Clock { first, rate, .. } => {
                let at = Duration::from_secs_f64((number - first) as f64 / rate);
                tokio::time::sleep_until((began + at).into()).await;
                at
            }
        }
    }
}
