//! The limit on connections: requests wait for a turn, and unused connections are kept only while
//! there is room.
//!
//! Half of the connections are for requests in progress. While fewer than half are open, a
//! connection is kept after its request for the next one. Above that, each connection closes with
//! its request. So the number of open connections never exceeds the limit.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The default: a quarter of the usual limit of file descriptors.
const USUAL: usize = 256;
/// The smallest limit with which the client can work.
const FEWEST: usize = 16;

/// The limit and the number of connections. Cheap to clone; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    turns: Arc<Semaphore>,
    open: Arc<AtomicUsize>,
    most: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self::at_most(USUAL)
    }
}

impl Connections {
    pub(crate) fn at_most(most: usize) -> Self {
        let most = most.max(FEWEST);
        let turns = Arc::new(Semaphore::new((most / 2).min(Semaphore::MAX_PERMITS)));
        Self { turns, open: Arc::default(), most }
    }

    /// The number of requests that can be in progress.
    pub(crate) fn turns(&self) -> usize {
        self.most / 2
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> OwnedSemaphorePermit {
        self.turns.clone().acquire_owned().await.expect("it is never closed")
    }

    /// True if a connection may be kept after its request.
    pub(crate) fn has_room(&self) -> bool {
        self.open() < self.most / 2
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection for as long as it is open.
    pub(crate) fn counted(&self, stream: TokioIo<TcpStream>) -> TokioIo<CountedStream> {
        self.open.fetch_add(1, Ordering::Relaxed);
        let (stream, uses) = (stream.into_inner(), Uses::default());
        TokioIo::new(CountedStream { stream, uses, _count: Count(self.open.clone()) })
    }
}

/// A counted connection.
pub(crate) struct CountedStream {
    stream: TcpStream,
    uses: Uses,
    _count: Count,
}

/// The number of responses received over a connection. Clones share the count.
#[derive(Clone, Default)]
pub(crate) struct Uses(Arc<AtomicUsize>);

impl Uses {
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

struct Count(Arc<AtomicUsize>);

impl Drop for Count {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Connection for CountedStream {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.uses.clone())
    }
}

impl AsyncRead for CountedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
