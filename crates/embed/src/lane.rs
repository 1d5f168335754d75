//! Threads on which texts are embedded.

use rayon::{ThreadPool, ThreadPoolBuilder};

/// One thread for embedding. Whatever is run by it waits for its turn.
#[derive(Debug)]
pub struct Lane(ThreadPool);

impl Lane {
    /// Starts the thread. The higher `nice` is, the more it lets other threads go first (Linux: 0 to
    /// 19).
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub fn new(name: &'static str, nice: i32) -> Result<Self, std::io::Error> {
        let lower = move |_| {
            if nice > 0 {
                // It is only slower for the others if the system refuses.
                let _ = rustix::process::nice(nice);
            }
        };
        let threads =
            ThreadPoolBuilder::new().num_threads(1).thread_name(move |_| name.to_owned()).start_handler(lower);
        threads.build().map(Self).map_err(std::io::Error::other)
    }

    /// Runs a piece of work on the thread and waits for it. The matrices within it are multiplied
    /// on the same thread.
    pub fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.0.install(work)
    }
}
