//! How many connections there may be: requests under way wait for a turn, and unused connections are kept only while
//! there is room.
//!
//! Half of the connections are for requests under way. While fewer than half are open, those that are done with
//! are kept for the next request; beyond, each ends with its request. So the open ones are never more than all.

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

/// Unless said otherwise: a quarter of the usual bound of descriptors.
const USUAL: usize = 256;
/// The fewest that can be worked with.
const FEWEST: usize = 16;

/// The bound of connections, and how many there are. Cheap to clone; clones share it.
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

    /// How many requests may be under way.
    pub(crate) fn turns(&self) -> usize {
        self.most / 2
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) -> OwnedSemaphorePermit {
        self.turns.clone().acquire_owned().await.expect("it is never closed")
    }

    /// Whether a connection may be kept when its request is done.
    pub(crate) fn has_room(&self) -> bool {
        self.open() < self.most / 2
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Counts a connection for as long as it is open.
    pub(crate) fn counted(&self, stream: TokioIo<TcpStream>) -> TokioIo<Counted> {
        self.open.fetch_add(1, Ordering::Relaxed);
        let (stream, uses) = (stream.into_inner(), Uses::default());
        TokioIo::new(Counted { stream, uses, _count: Count(self.open.clone()) })
    }
}

/// A connection that is counted.
pub(crate) struct Counted {
    stream: TcpStream,
    uses: Uses,
    _count: Count,
}

/// How many answers have come over a connection; its clones count together.
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

impl Connection for Counted {
    fn connected(&self) -> Connected {
        self.stream.connected().extra(self.uses.clone())
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Counted {
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
