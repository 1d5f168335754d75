//! Threads that are kept for a while, and made when all are busy.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// For how long a thread waits for more.
const KEPT: Duration = Duration::from_secs(10);
/// The stack of each; memory is taken as it is used.
const STACK: usize = 8 * 1024 * 1024;

/// Answers whether its thread may go on to the next.
pub(crate) type Work = Box<dyn FnOnce() -> bool + Send>;

#[derive(Default)]
pub(crate) struct Threads {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    waiting: usize,
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Threads")
    }
}

impl Threads {
    /// Hands work to a thread that waits, or to a new one. How many there are is for the caller to bound.
    pub(crate) fn start(self: &Arc<Self>, work: Work) {
        let mut state = self.state();
        state.queue.push_back(work);
        if state.queue.len() <= state.waiting {
            self.more.notify_one();
            return;
        }
        drop(state);
        let threads = self.clone();
        let named = std::thread::Builder::new().name("campanile-sandbox".to_owned()).stack_size(STACK);
        // Without a thread the work stays queued for the next that is free.
        drop(named.spawn(move || threads.serve()));
    }

    fn serve(&self) {
        while let Some(work) = self.next() {
            if !work() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.state();
        loop {
            if let Some(work) = state.queue.pop_front() {
                return Some(work);
            }
            state.waiting += 1;
            let (woken, waited) = self.more.wait_timeout(state, KEPT).expect("work runs without the lock");
            state = woken;
            state.waiting -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                return None;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("work runs without the lock")
    }
}
