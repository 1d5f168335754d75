//! A stream with timeouts. It ends when the client takes too long to send the head of a request, to
//! send the next request, or to read an answer.
//!
//! A connection is in one of three phases:
//!
//! * *Head*: the head of a request is awaited, the first one too. It has [`bounds::HEAD_TIME`] from
//!   its beginning, however many bytes arrive meanwhile.
//! * *Under way*: a request is being answered. Reading has no timeout, since the body has its own.
//! * *Idle*: between requests, for [`bounds::IDLE_TIME`].
//!
//! In any phase the connection ends when the client reads nothing of an answer for
//! [`bounds::WRITE_PAUSE`]. An upgraded connection stays under way.

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
/// The phase is the remainder modulo this number. The quotient counts the changes of phase.
const PHASES: u64 = 4;

/// The phase of a connection, and a count of its changes. The count tells two idle times apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<AtomicU64>);

impl Phase {
    /// Marks the beginning of a request: its head has been read.
    pub(super) fn begin(&self) -> RequestUnderWay {
        self.change_to(UNDER_WAY);
        RequestUnderWay(self.clone())
    }

    /// Changes the phase. Relaxed ordering is enough: only the connection's own task, or the holder
    /// of its answer, calls this.
    fn change_to(&self, phase: u64) {
        let turn = self.0.load(Ordering::Relaxed) / PHASES + 1;
        self.0.store(turn * PHASES + phase, Ordering::Relaxed);
    }

    fn turn(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request under way. It ends when the last byte of its answer has been sent.
pub(super) struct RequestUnderWay(Phase);

impl RequestUnderWay {
    /// The answer. It ends the request when it has been sent, unless the connection was upgraded.
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

/// A stream with timeouts for reading and writing.
pub(super) struct StreamWithTimeouts<S> {
    stream: S,
    phase: Phase,
    /// The phase and count that the read timer was set for. `None` while reading has no timeout.
    reading: Option<u64>,
    read_until: Pin<Box<Sleep>>,
    /// The time by which something must have been written. `None` while nothing waits to be
    /// written.
    write_until: Option<Pin<Box<Sleep>>>,
}

impl<S> StreamWithTimeouts<S> {
    pub(super) fn new(stream: S, phase: Phase) -> Self {
        let read_until = Box::pin(tokio::time::sleep(bounds::HEAD_TIME));
        Self { stream, phase, reading: Some(HEAD), read_until, write_until: None }
    }

    /// Ready with an error once reading has taken too long.
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

    /// The result of a write, or an error if it has waited too long.
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

impl<S: AsyncRead + Unpin> AsyncRead for StreamWithTimeouts<S> {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for StreamWithTimeouts<S> {
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
