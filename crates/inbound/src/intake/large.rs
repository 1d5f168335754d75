//! The slot for large deliveries: one at a time is verified, parsed and stored, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use campanile_base::Error;
use campanile_base::bounds::LARGE_DELIVERY;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// The longest time that a stored large delivery waits for arriving ones.
const BEHIND: Duration = Duration::from_secs(20);

/// The single slot for large deliveries. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Large {
    place: Arc<Semaphore>,
    /// The number of large deliveries that arrived and are not stored yet. They are in memory;
    /// stored ones are not.
    arriving: Arc<AtomicUsize>,
}

impl Large {
    pub(super) fn new() -> Self {
        Self { place: Arc::new(Semaphore::new(1)), arriving: Arc::default() }
    }

    /// Runs `work` on a body. A large body waits for the slot and runs on its own thread. The slot
    /// is returned too: while it is held, other large deliveries wait.
    pub(super) async fn run<B, T>(
        &self,
        body: B,
        length: usize,
        work: fn(B) -> T,
    ) -> campanile_base::Result<(T, Option<Turn>)>
    where
        B: Send + 'static,
        T: Send + 'static,
    {
        if length < LARGE_DELIVERY {
            return Ok((work(body), None));
        }
        let arriving = self.arrives();
        let turn = self.turn().await?;
        Turn { _arriving: Some(arriving), ..turn }.run(body, work).await
    }

    async fn turn(&self) -> campanile_base::Result<Turn> {
        let place = self.place.clone().acquire_owned().await.map_err(Error::internal)?;
        Ok(Turn { _place: place, _arriving: None })
    }

    /// Counts a large delivery as arriving.
    fn arrives(&self) -> Arriving {
        self.arriving.fetch_add(1, Ordering::Relaxed);
        Arriving(self.arriving.clone())
    }

    /// Waits for the slot behind arriving deliveries, for at most [`BEHIND`]: arriving ones are in
    /// memory and come first.
    pub(super) async fn later_turn(&self) -> campanile_base::Result<Turn> {
        let began = Instant::now();
        while self.arriving.load(Ordering::Relaxed) > 0 && began.elapsed() < BEHIND {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.turn().await
    }
}

/// A large delivery that is arriving, until it is stored or refused.
struct Arriving(Arc<AtomicUsize>);

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The slot for one large delivery.
pub(super) struct Turn {
    _place: OwnedSemaphorePermit,
    _arriving: Option<Arriving>,
}

impl Turn {
    pub(super) async fn run<B, T>(self, body: B, work: fn(B) -> T) -> campanile_base::Result<(T, Option<Turn>)>
    where
        B: Send + 'static,
        T: Send + 'static,
    {
        let turn = self;
        let (done, result) = oneshot::channel();
        // The thread holds the slot. So when a sender disconnects, the next delivery still waits
        // until this one is parsed. The thread ends with its work: a pooled thread would keep the
        // freed memory.
        let thread = std::thread::Builder::new().name("large-delivery".into());
        let started = thread.spawn(move || drop(done.send((work(body), Some(turn)))));
        started.map_err(Error::internal)?;
        result.await.map_err(Error::internal)
    }
}
