//! Ends the process if an orderly stop takes too long.
//!
//! The orderly stop (`boot`) runs on the main runtime. If all of its threads are stuck, the stop
//! signal is not even noticed there. So a separate thread, with its own runtime, waits for the
//! signal too, and ends the process when the time is over. That is as safe as SIGKILL: everything
//! that was acknowledged is on disk.

use std::time::Duration;

use crate::boot::{STOP_WITHIN, stop_signal};

/// The time that is added to the longest orderly stop.
const SLACK: Duration = Duration::from_secs(5);

/// Starts the watchdog thread.
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
