//! Limits the log: each place in the program writes only a few lines in ten seconds.
//!
//! With a full disk or an unreachable database, every request and every job logs the same line. The
//! first lines are written; the others are counted. The next line that is written is preceded by
//! the number of lines that were left out. Lines of level debug and trace are not limited.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

/// The length of the window, and the number of lines that each place may write in it.
const WHILE: Duration = Duration::from_secs(10);
const LINES: u32 = 5;

/// A filter that lets a few lines of each place in the program through.
pub(crate) struct LogPace {
    as_json: bool,
    places: Mutex<HashMap<Identifier, Place>>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    began: Instant,
    lines: u32,
}

impl Place {
    /// Counts a line. Returns true if it is to be written, and the number of lines left out before
    /// it.
    fn admit(&mut self, now: Instant) -> (bool, u32) {
        let left_out = match now.duration_since(self.began) >= WHILE {
            true => std::mem::replace(self, Self { began: now, lines: 0 }).lines.saturating_sub(LINES),
            false => 0,
        };
        self.lines += 1;
        (self.lines <= LINES, left_out)
    }
}

impl LogPace {
    pub(crate) fn new(as_json: bool) -> Self {
        Self { as_json, places: Mutex::default() }
    }

    /// Reports the lines that were left out, on standard error. It cannot use the log, which is
    /// calling this filter at that moment.
    fn tell(&self, metadata: &Metadata<'_>, left_out: u32) {
        let target = metadata.target();
        match self.as_json {
            true => eprintln!(
                "{}",
                serde_json::json!({ "level": "WARN", "target": target, "left_out": left_out,
                    "message": "more lines like the next one were left out" })
            ),
            false => eprintln!("WARN {left_out} more lines like the next one were left out target={target}"),
        }
    }
}

impl<S: Subscriber> Filter<S> for LogPace {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // In `tracing`, a more detailed level is the greater one.
        if *metadata.level() > Level::INFO {
            return true;
        }
        let (now, mut places) = (Instant::now(), self.places.lock().unwrap_or_else(PoisonError::into_inner));
        let place = places.entry(metadata.callsite()).or_insert(Place { began: now, lines: 0 });
        let (is_written, left_out) = place.admit(now);
        drop(places);
        if left_out > 0 {
            self.tell(metadata, left_out);
        }
        if !is_written {
            metrics::counter!("campanile_log_lines_left_out_total").increment(1);
        }
        is_written
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn of_a_thousand_lines_like_each_other_a_few_are_written() {
        let lines = Lines::default();
        let written = lines.clone();
        let log = tracing_subscriber::fmt::layer().with_writer(move || written.clone());
        let subscriber = tracing_subscriber::registry().with(log.with_filter(LogPace::new(false)));
        tracing::subscriber::with_default(subscriber, || {
            for n in 0..1_000 {
                tracing::error!(n, "no space left");
                tracing::debug!("all is well");
            }
            tracing::error!("another place");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("no space left").count(), LINES as usize);
        assert_eq!(text.matches("all is well").count(), 1_000);
        assert_eq!(text.matches("another place").count(), 1);
    }

    #[test]
    fn how_many_were_left_out_is_told_with_the_next() {
        let mut place = Place { began: Instant::now(), lines: 0 };
        let began = place.began;
        assert!((0..LINES).all(|_| place.admit(began) == (true, 0)));
        assert!((0..100).all(|_| place.admit(began) == (false, 0)));
        assert_eq!(place.admit(began + WHILE), (true, 100));
        assert_eq!(place.admit(began + WHILE), (true, 0));
    }
}
