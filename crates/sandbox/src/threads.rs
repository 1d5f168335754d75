//! A pool of threads. Idle threads are kept for a while; new ones start when all are busy.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// The time that an idle thread waits for more work.
const KEPT: Duration = Duration::from_secs(10);
/// The stack size of each thread. Memory is only taken as it is used.
const STACK: usize = 8 * 1024 * 1024;

/// A piece of work. It returns `true` if its thread can take more.
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
    /// Gives work to an idle thread, or to a new one. The caller must limit the number of threads.
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
        // If no thread can be started, the work stays queued for the next free one.
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
