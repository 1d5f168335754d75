//! Bodies: bounded before they are read, kept arriving, and together within a budget of memory.
//!
//! A body counts from its first byte until its request has been answered, since what was made of it lives as long. One that announces
//! its length counts with all of it at once, so that whoever is let in can finish. What is refused is noted in the request's
//! [`BodyShare`]; the layer around requests answers it, whatever the handler made of a body that broke off. What is left of a body that is
//! too large, or that nobody has read, is thrown away before the answer, up to a bound: who is still sending hears no answer.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use campanile_base::bounds;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

/// For how long what is thrown away may go on arriving.
const THROWING_AWAY: Duration = Duration::from_secs(10);

/// Bytes of bodies under way in this process.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Why a body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// There is no room for it at present.
    NoRoom,
    /// It stopped arriving, or arrives too slowly.
    TooSlow,
}

impl Refusal {
    /// Status, code, and a sentence.
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
        }
    }
}

/// What a request's body takes of the budget, and whether it was refused.
#[derive(Debug, Clone)]
pub(crate) struct BodyShare(Arc<Share>);

#[derive(Debug, Default)]
struct Share {
    taken: AtomicUsize,
    refusal: OnceLock<Refusal>,
    is_read: AtomicBool,
    /// What a handler has left of it.
    leftover: Mutex<Option<Incoming>>,
}

impl BodyShare {
    /// Why the body is not taken, if it is not.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.0.refusal.get().copied()
    }

    /// Reads what is left of the body, and throws it away; whether its end was reached. Where it was not, the connection is not to be
    /// used again.
    pub(crate) async fn throw_rest_away(&self) -> bool {
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
        tokio::time::timeout(THROWING_AWAY, read).await.unwrap_or(false)
    }

    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let before = UNDER_WAY.fetch_add(bytes, Ordering::Relaxed);
        self.0.taken.fetch_add(bytes, Ordering::Relaxed);
        match before + bytes <= bounds::BODIES_UNDER_WAY {
            true => Ok(()),
            false => Err(self.refuse(Refusal::NoRoom)),
        }
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
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(*self.taken.get_mut(), Ordering::Relaxed);
    }
}

/// A body that is measured while it arrives.
pub(crate) struct MeasuredBody<B> {
    body: B,
    most: usize,
    /// What of it was counted before it came.
    announced: usize,
    read: usize,
    share: BodyShare,
    clock: Option<Pin<Box<Arrival>>>,
}

/// The times of a body that did not arrive at once.
struct Arrival {
    began: Instant,
    pause: Pin<Box<Sleep>>,
    is_waiting: bool,
}

/// How large a body may be on a path.
fn most_on(path: &str) -> usize {
    if path.starts_with("/api/ingest/") { bounds::DELIVERY_BYTES } else { bounds::BODY_BYTES }
}

/// Measures a request's body; one that announces too much is refused already.
pub(crate) fn measured(parts: &Parts, body: Incoming) -> (MeasuredBody<LentBody>, BodyShare) {
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let most = most_on(parts.uri.path());
    let is_empty = body.is_end_stream();
    let share = BodyShare(Arc::default());
    share.0.is_read.store(is_empty, Ordering::Relaxed);
    let lent = LentBody { body: Some(body), share: share.clone() };
    (MeasuredBody::new(lent, announced.unwrap_or(0), most, share.clone()), share)
}

/// A body that comes back to its share from whoever drops it.
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
    fn new(body: B, announced: usize, most: usize, share: BodyShare) -> Self {
        match announced {
            0 => {}
            large if large > most => drop(share.refuse(Refusal::TooLarge(most))),
            fair => drop(share.take(fair)),
        }
        Self { body, most, announced, read: 0, share, clock: None }
    }

    /// Counts what has come.
    fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.read += bytes;
        if self.read > self.most {
            return Err(self.share.refuse(Refusal::TooLarge(self.most)));
        }
        if self.read > self.announced {
            self.share.take(bytes)?;
        }
        let Some(clock) = &mut self.clock else { return Ok(()) };
        clock.is_waiting = false;
        let seconds = clock.began.elapsed().saturating_sub(bounds::BODY_PAUSE).as_secs();
        match self.read as u64 >= seconds * bounds::BODY_RATE {
            true => Ok(()),
            false => Err(self.share.refuse(Refusal::TooSlow)),
        }
    }

    /// Waits for more, but not for ever.
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

/// A body that is not taken; the share says why.
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
            Poll::Ready(Some(Ok(frame))) => match self.count(frame.data_ref().map_or(0, Bytes::len)) {
                Ok(()) => {
                    // Whoever knows the length does not ask for more.
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
