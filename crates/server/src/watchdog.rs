//! Sees to it that a stop ends: a process that was told to end does so within its grace, whatever hangs.
//!
//! The stop in order (`boot`) runs on the runtime. Where all of its threads hang in work that does not end, not even the
//! signal is noticed there; so a thread of its own, with a runtime of its own, waits for the signal, too, and ends the
//! process when the time is over. That is safe as a kill is: what was answered for is on disk.

use std::time::Duration;

use crate::boot::{STOP_WITHIN, stop_signal};

/// The time beyond the orderly stop's own.
const SLACK: Duration = Duration::from_secs(5);

/// Starts to watch.
pub(crate) fn start() {
    let started = std::thread::Builder::new().name("watchdog".into()).spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            stop_signal().await;
            tokio::time::sleep(STOP_WITHIN + SLACK).await;
        });
        eprintln!("campanile: work that does not end keeps the process from stopping; it is ended now");
        std::process::exit(1);
    });
    if let Err(error) = started {
        tracing::warn!(%error, "nobody watches that a stop ends");
    }
}
