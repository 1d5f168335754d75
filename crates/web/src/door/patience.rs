//! A stream that is given up when its peer takes too long: to send a request's head, to send another, to read an answer.
//!
//! A connection is in one of three phases. While a *head* is awaited, also the first, it has [`bounds::HEAD_TIME`] from when it was
//! begun, however many bytes arrive meanwhile. While a request is *under way* reading has no time: the body has its own. Between
//! requests the connection is *idle*, for [`bounds::IDLE_TIME`]. What a peer does not read for [`bounds::WRITE_PAUSE`] ends the connection
//! in any phase. A connection that was upgraded stays under way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use campanile_base::bounds;
use hyper::body::{Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

const HEAD: u64 = 0;
const UNDER_WAY: u64 = 1;
const IDLE: u64 = 2;
/// The phase is what is left by this; the rest counts how often it has changed.
const PHASES: u64 = 4;

/// What a connection is waiting for, and which time this is that it does.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<AtomicU64>);

impl Phase {
    /// A request has begun: its head is there.
    pub(super) fn begin(&self) -> RequestUnderWay {
        self.change_to(UNDER_WAY);
        RequestUnderWay(self.clone())
    }

    /// Whoever changes it is the connection's own task, or has its answer.
    fn change_to(&self, phase: u64) {
        let turn = self.0.load(Ordering::Relaxed) / PHASES + 1;
        self.0.store(turn * PHASES + phase, Ordering::Relaxed);
    }

    fn turn(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request under way. It ends with its answer's last byte.
pub(super) struct RequestUnderWay(Phase);

impl RequestUnderWay {
    /// The answer, which ends the request when it has been sent.
    pub(super) fn by(self, response: Response) -> hyper::Response<Answer> {
        let goes_on = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let phase = (!goes_on).then_some(self.0);
        response.map(|body| Answer { body, phase })
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    phase: Option<Phase>,
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(phase) = &self.phase {
            phase.change_to(IDLE);
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream with an end to its patience.
pub(super) struct PatientStream<S> {
    stream: S,
    phase: Phase,
    /// The turn that reading is timed for, and until when.
    reading: Option<u64>,
    read_until: Pin<Box<Sleep>>,
    /// Until when something must have been written; nothing while nothing waits.
    write_until: Option<Pin<Box<Sleep>>>,
}

impl<S> PatientStream<S> {
    pub(super) fn new(stream: S, phase: Phase) -> Self {
        let read_until = Box::pin(tokio::time::sleep(bounds::HEAD_TIME));
        Self { stream, phase, reading: Some(HEAD), read_until, write_until: None }
    }

    /// Whether reading has taken too long.
    fn poll_read_time(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let turn = self.phase.turn();
        let phase = turn % PHASES;
        let time = match phase {
            HEAD => bounds::HEAD_TIME,
            IDLE => bounds::IDLE_TIME,
            _ => {
                self.reading = None;
                return Poll::Pending;
            }
        };
        if self.reading != Some(turn) {
            self.reading = Some(turn);
            self.read_until.as_mut().reset(Instant::now() + time);
        }
        ready!(self.read_until.as_mut().poll(cx));
        Poll::Ready(Err(too_long(if phase == HEAD { "head" } else { "idle" })))
    }

    /// What came of writing; an error where it has waited for too long.
    fn timed_write<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_until = None;
            return written;
        }
        let until = self.write_until.get_or_insert_with(|| Box::pin(tokio::time::sleep(bounds::WRITE_PAUSE)));
        ready!(until.as_mut().poll(cx));
        Poll::Ready(Err(too_long("unread")))
    }
}

fn too_long(reason: &'static str) -> io::Error {
    metrics::counter!("campanile_http_connections_given_up_total", "reason" => reason).increment(1);
    io::ErrorKind::TimedOut.into()
}

impl<S: AsyncRead + Unpin> AsyncRead for PatientStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Pending => self.poll_read_time(cx),
            Poll::Ready(read) => {
                if buffer.filled().len() > before && self.phase.turn() % PHASES == IDLE {
                    self.phase.change_to(HEAD);
                }
                Poll::Ready(read)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PatientStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.timed_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.timed_write(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
