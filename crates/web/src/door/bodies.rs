//! Limits of request bodies: a bound on each, a minimum speed, and one memory budget for all.
//!
//! The bytes that have arrived count until the request is answered, because the values parsed from
//! them live as long. Announced bytes take no memory and do not count.
//!
//! Callers whose key is known have a part of the budget to themselves. One address may use only a
//! part of the rest. So callers without a key cannot keep out callers with one.
//!
//! A refusal is noted in the request's [`BodyShare`]. The layer around requests answers it,
//! whatever the handler made of the broken-off body. The rest of a body that is too large, or that
//! was not read, is read and dropped before the answer, up to a bound. This is needed because a
//! client that is still sending does not read the answer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use campanile_base::{ValueCount, bounds};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::PeerAddress;

/// The longest time to read and drop the rest of a body.
const THROWING_AWAY: Duration = Duration::from_secs(10);

/// Bytes of all bodies under way in this process.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
/// Bytes under way per address, for large bodies of callers whose key is not known.
static OF_ADDRESSES: LazyLock<Mutex<HashMap<IpAddr, usize>>> = LazyLock::new(Mutex::default);
/// The size, in bytes, up to which a body does not count for its address.
const SMALL: usize = 64 * 1024;

/// The reason why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// The memory budget has no room for it at present.
    NoRoom,
    /// It stopped arriving, or arrives too slowly.
    TooSlow,
    /// It is JSON with more than this many values.
    TooManyValues(usize),
}

impl Refusal {
    /// The HTTP status, the error code and a sentence.
    pub(crate) fn answer(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::TooLarge(most) => {
                let most = format!("a body may have {most} bytes at most on this path");
                (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", most)
            }
            Self::NoRoom => {
                let why = "too many large bodies are under way; try again in a while".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", why)
            }
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", "the body took too long to arrive".to_owned())
            }
            Self::TooManyValues(most) => {
                let most = format!("a body may have {most} JSON values at most");
                (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", most)
            }
        }
    }
}

/// The part of the budget that a request's body uses, and its refusal if there is one.
#[derive(Debug, Clone)]
pub(crate) struct BodyShare(Arc<Share>);

#[derive(Debug, Default)]
struct Share {
    taken: AtomicUsize,
    address: Option<IpAddr>,
    /// True once the caller's key is known.
    is_known: AtomicBool,
    refusal: OnceLock<Refusal>,
    is_read: AtomicBool,
    /// The part of the body that the handler did not read.
    leftover: Mutex<Option<Incoming>>,
}

impl BodyShare {
    /// The share of a request from this address.
    fn of(address: Option<IpAddr>) -> Self {
        let mut share = Share::default();
        share.address = address;
        Self(Arc::new(share))
    }

    /// The refusal of the body, if it was refused.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.0.refusal.get().copied()
    }

    /// Marks the caller's key as known. Call it before the body is read.
    pub(crate) fn is_of_known_caller(&self) {
        self.0.is_known.store(true, Ordering::Relaxed);
    }

    /// Reads the rest of the body and drops it, once there is an answer. True if the end was
    /// reached; otherwise the connection must not be used again.
    pub(crate) async fn throw_rest_away(&self) -> bool {
        self.0.give_back();
        if self.refusal() == Some(Refusal::TooSlow) {
            return false;
        }
        let leftover = self.0.leftover.lock().expect("nobody panics while they hold a body").take();
        let Some(mut body) = leftover.filter(|_| !self.0.is_read.load(Ordering::Relaxed)) else {
            return self.0.is_read.load(Ordering::Relaxed);
        };
        let read = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > bounds::THROWN_AWAY {
                    return false;
                }
            }
            body.is_end_stream()
        };
        Box::pin(tokio::time::timeout(THROWING_AWAY, read)).await.unwrap_or(false)
    }

    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let under_way = UNDER_WAY.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let taken = self.0.taken.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let has_room = match self.0.is_known.load(Ordering::Relaxed) {
            true => under_way <= bounds::BODIES_UNDER_WAY,
            false => under_way <= bounds::STRANGERS_BODIES_UNDER_WAY && self.0.has_room_by_address(taken, bytes),
        };
        if has_room { Ok(()) } else { Err(self.refuse(Refusal::NoRoom)) }
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        metrics::counter!("campanile_http_bodies_refused_total", "reason" => refusal.reason()).increment(1);
        *self.0.refusal.get_or_init(|| refusal)
    }
}

impl Refusal {
    fn reason(self) -> &'static str {
        match self {
            Self::TooLarge(_) => "large",
            Self::NoRoom => "room",
            Self::TooSlow => "slow",
            Self::TooManyValues(_) => "values",
        }
    }
}

impl Share {
    /// Counts bytes for their address too, once the body is no longer small. False if the address
    /// has no room left.
    fn has_room_by_address(&self, taken: usize, bytes: usize) -> bool {
        let Some(address) = self.address.filter(|_| taken > SMALL) else { return true };
        let mut addresses = addresses();
        let of_address = addresses.entry(address).or_default();
        // The first time, this adds all bytes so far, also those from when the body was small.
        *of_address += if taken - bytes > SMALL { bytes } else { taken };
        *of_address <= bounds::ADDRESS_BODIES_UNDER_WAY
    }

    /// Gives the room back: the body is not needed any more.
    fn give_back(&self) {
        let taken = self.taken.swap(0, Ordering::Relaxed);
        UNDER_WAY.fetch_sub(taken, Ordering::Relaxed);
        let Some(address) = self.address.filter(|_| taken > SMALL && !self.is_known.load(Ordering::Relaxed)) else {
            return;
        };
        let mut addresses = addresses();
        let left = addresses.get(&address).map_or(0, |of_address| of_address.saturating_sub(taken));
        match left {
            0 => drop(addresses.remove(&address)),
            _ => drop(addresses.insert(address, left)),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.give_back();
    }
}

fn addresses() -> MutexGuard<'static, HashMap<IpAddr, usize>> {
    OF_ADDRESSES.lock().expect("nobody panics while they count")
}

/// A body that is measured as it arrives.
pub(crate) struct MeasuredBody<B> {
    body: B,
    most: usize,
    read: usize,
    /// The counter of its JSON values. `None` if there cannot be too many.
    values: Option<ValueCount>,
    share: BodyShare,
    clock: Option<Pin<Box<Arrival>>>,
}

/// The times of a body that did not arrive in one piece.
struct Arrival {
    began: Instant,
    pause: Pin<Box<Sleep>>,
    is_waiting: bool,
}

/// The largest body, in bytes, on a path.
fn most_on(path: &str) -> usize {
    match path {
        path if path.starts_with("/api/ingest/") => bounds::DELIVERY_BYTES,
        path if path.starts_with("/api/documents") => bounds::KEPT_DOCUMENTS_BODY_BYTES,
        _ => bounds::BODY_BYTES,
    }
}

/// Measures a request's body. If the announced length is too large, the body is refused at once.
pub(crate) fn measured(parts: &Parts, body: Incoming) -> (MeasuredBody<LentBody>, BodyShare) {
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let most = most_on(parts.uri.path());
    let is_empty = body.is_end_stream();
    let address = parts.extensions.get::<PeerAddress>().map(|peer| peer.0);
    let share = BodyShare::of(address);
    share.0.is_read.store(is_empty, Ordering::Relaxed);
    let lent = LentBody { body: Some(body), share: share.clone() };
    (MeasuredBody::new(lent, announced, most, share.clone()), share)
}

/// A body that returns to its share when it is dropped, so that the rest can be read.
pub(crate) struct LentBody {
    body: Option<Incoming>,
    share: BodyShare,
}

impl Drop for LentBody {
    fn drop(&mut self) {
        *self.share.0.leftover.lock().expect("nobody panics while they hold a body") = self.body.take();
    }
}

impl hyper::body::Body for LentBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Incoming::size_hint).unwrap_or_default()
    }
}

impl<B: hyper::body::Body> MeasuredBody<B> {
    fn new(body: B, announced: Option<usize>, most: usize, share: BodyShare) -> Self {
        if announced.is_some_and(|announced| announced > most) {
            share.refuse(Refusal::TooLarge(most));
        }
        // A JSON value takes at least two bytes. Deliveries have a bound of their own.
        let may_be_many =
            most != bounds::DELIVERY_BYTES && announced.is_none_or(|bytes| bytes > 2 * bounds::BODY_VALUES);
        Self { body, most, read: 0, values: may_be_many.then(ValueCount::default), share, clock: None }
    }

    /// Counts the bytes that arrived, and refuses the body if it breaks a bound.
    fn count(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.read += bytes.len();
        if self.read > self.most {
            return Err(self.share.refuse(Refusal::TooLarge(self.most)));
        }
        self.share.take(bytes.len())?;
        if self.values.as_mut().is_some_and(|values| values.add(bytes) > bounds::BODY_VALUES) {
            return Err(self.share.refuse(Refusal::TooManyValues(bounds::BODY_VALUES)));
        }
        let Some(clock) = &mut self.clock else { return Ok(()) };
        clock.is_waiting = false;
        let lasted = clock.began.elapsed();
        let seconds = lasted.saturating_sub(bounds::BODY_PAUSE).as_secs();
        match self.read as u64 >= seconds * bounds::BODY_RATE && lasted < bounds::BODY_TIME {
            true => Ok(()),
            false => Err(self.share.refuse(Refusal::TooSlow)),
        }
    }

    /// Waits for more bytes, and refuses the body if none come in time.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Refusal> {
        let clock = self.clock.get_or_insert_with(|| {
            let pause = Box::pin(tokio::time::sleep(bounds::BODY_PAUSE));
            Box::pin(Arrival { began: Instant::now(), pause, is_waiting: true })
        });
        if !clock.is_waiting {
            clock.is_waiting = true;
            clock.pause.as_mut().reset(Instant::now() + bounds::BODY_PAUSE);
        }
        match clock.pause.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(self.share.refuse(Refusal::TooSlow)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// The error of a refused body. The share holds the reason.
#[derive(Debug, thiserror::Error)]
#[error("the body was refused: {0:?}")]
pub(crate) struct RefusedBody(Refusal);

impl<B> hyper::body::Body for MeasuredBody<B>
where
    B: hyper::body::Body<Data = Bytes> + Unpin,
    B::Error: Into<axum::BoxError>,
{
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let refused = |refusal| Poll::Ready(Some(Err(RefusedBody(refusal).into())));
        if let Some(refusal) = self.share.refusal() {
            return refused(refusal);
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending => self.wait(cx).map(|refusal| Some(Err(RefusedBody(refusal).into()))),
            Poll::Ready(Some(Ok(frame))) => match self.count(frame.data_ref().map_or(&[], Bytes::as_ref)) {
                Ok(()) => {
                    // A reader that knows the length does not poll for the end.
                    self.share.0.is_read.store(self.body.is_end_stream(), Ordering::Relaxed);
                    Poll::Ready(Some(Ok(frame)))
                }
                Err(refusal) => refused(refusal),
            },
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                self.share.0.is_read.store(true, Ordering::Relaxed);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.share.refusal().is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[path = "bodies_tests.rs"]
mod tests;
