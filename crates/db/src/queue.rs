//! The order of changes at the writer: the source that has used the least time lately is next.
//!
//! Sources are the requests and jobs of each tenant, and each lane with its small, gathered
//! changes. The time that a change takes is charged to its source. This charge halves at regular
//! intervals. So a source of large changes only delays itself: a change of another source passes
//! all of them except the one in progress. Changes of one source keep their order.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The half-life of the charged time.
const FORGOTTEN_BY_HALF: Duration = Duration::from_millis(100);
/// Charged times up to this are forgotten.
const NOTHING: Duration = Duration::from_micros(50);

tokio::task_local! {
    static SOURCE: Source;
}

/// The source of a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// A request or a job of this tenant.
    Tenant(Arc<str>),
    /// A lane.
    Lane(u64),
    /// The process itself.
    Own,
}

impl Source {
    /// The source of the current task.
    pub(crate) fn current() -> Self {
        SOURCE.try_with(Clone::clone).unwrap_or(Self::Own)
    }

    pub(crate) fn new_lane() -> Self {
        static LANES: AtomicU64 = AtomicU64::new(0);
        Self::Lane(LANES.fetch_add(1, Ordering::Relaxed))
    }

    /// Sets this source for all writes of a future.
    pub(crate) fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        SOURCE.scope(self, future)
    }
}

/// Runs a future on behalf of a tenant: its writes take turns with the writes of other sources.
pub fn on_behalf_of<F: Future>(tenant: Arc<str>, future: F) -> impl Future<Output = F::Output> {
    Source::Tenant(tenant).scope(future)
}

/// Waiting items, by source.
pub(crate) struct Queue<T> {
    lines: HashMap<Source, Line<T>>,
    waiting: usize,
    forgotten_at: Instant,
}

struct Line<T> {
    taken: Duration,
    waiting: VecDeque<T>,
}

impl<T> Queue<T> {
    pub(crate) fn new(now: Instant) -> Self {
        Self { lines: HashMap::new(), waiting: 0, forgotten_at: now }
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    /// True if items of another source wait, too.
    pub(crate) fn has_others(&self, source: &Source) -> bool {
        let own = self.lines.get(source).map_or(0, |line| line.waiting.len());
        self.waiting > own
    }

    pub(crate) fn add(&mut self, source: Source, item: T) {
        let line = self.lines.entry(source).or_insert_with(|| Line { taken: Duration::ZERO, waiting: VecDeque::new() });
        line.waiting.push_back(item);
        self.waiting += 1;
    }

    /// The next item and its source.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(Source, T)> {
        self.forget(now);
        let waiting = self.lines.iter_mut().filter(|(_, line)| !line.waiting.is_empty());
        let (source, line) = waiting.min_by_key(|(_, line)| line.taken)?;
        self.waiting -= 1;
        Some((source.clone(), line.waiting.pop_front()?))
    }

    /// Charges the time of a change to its source.
    pub(crate) fn took(&mut self, source: &Source, time: Duration) {
        if let Some(line) = self.lines.get_mut(source) {
            line.taken += time;
        }
    }

    fn forget(&mut self, now: Instant) {
        while now.duration_since(self.forgotten_at) >= FORGOTTEN_BY_HALF {
            // After a long pause, all charges are zero.
            let rested = now.duration_since(self.forgotten_at) > FORGOTTEN_BY_HALF * 32;
            self.forgotten_at = if rested { now } else { self.forgotten_at + FORGOTTEN_BY_HALF };
            self.lines.retain(|_, line| {
                line.taken = if rested { Duration::ZERO } else { line.taken / 2 };
                line.taken > NOTHING || !line.waiting.is_empty()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(name: &str) -> Source {
        Source::Tenant(name.into())
    }

    fn order(queue: &mut Queue<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| queue.next(now).map(|(_, item)| item)).collect()
    }

    #[test]
    fn whoever_has_taken_least_is_next_and_each_keeps_their_order() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        for number in 1..=3 {
            queue.add(tenant("large"), number);
        }
        let (large, first) = queue.next(now).unwrap();
        queue.took(&large, Duration::from_millis(6));
        queue.add(tenant("small"), 10);
        queue.add(tenant("small"), 11);
        assert_eq!((first, queue.len()), (1, 4));
        assert_eq!(order(&mut queue, now), [10, 11, 2, 3]);
        assert!(queue.next(now).is_none() && queue.len() == 0);
    }

    #[test]
    fn what_was_taken_is_forgotten() {
        let now = Instant::now();
        let mut queue = Queue::new(now);
        queue.add(tenant("large"), 1);
        let (large, _) = queue.next(now).unwrap();
        queue.took(&large, Duration::from_millis(6));
        let later = now + FORGOTTEN_BY_HALF * 8;
        assert!(queue.next(later).is_none());
        assert!(queue.lines.is_empty(), "nothing is kept of who is not there");
    }

    #[tokio::test]
    async fn a_task_writes_for_whom_it_runs() {
        assert_eq!(Source::current(), Source::Own);
        assert_eq!(on_behalf_of("org_1".into(), async { Source::current() }).await, tenant("org_1"));
    }
}
