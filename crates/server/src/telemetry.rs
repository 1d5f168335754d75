//! Sets up the log.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log_pace::LogPace;
use crate::settings::Settings;

/// Starts the log, on standard error. The number of similar lines is bounded (see [`LogPace`]).
pub(crate) fn start_log(settings: &Settings) {
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let (chosen, pace) = (tracing_subscriber::EnvFilter::new(chosen(&settings.log)), LogPace::new(settings.log_json));
    let lines = tracing_subscriber::registry().with(chosen);
    // If a log is already set in this process, it stays; the error can be ignored.
    let _ = match settings.log_json {
        true => lines.with(log.json().flatten_event(true).with_filter(pace)).try_init(),
        false => {
            let log = log.with_ansi(std::io::stderr().is_terminal()).with_target(false);
            lines.with(log.with_filter(pace)).try_init()
        }
    };
}

/// The lines that are logged. The library of the Model Context Protocol has several for each request,
/// with words of its client; they are left out unless they are asked for.
fn chosen(log: &str) -> String {
    match log.eq_ignore_ascii_case("off") {
        true => log.to_owned(),
        false => format!("rmcp=error,{log}"),
    }
}

/// Logs a panic in one line: its message and its place.
///
/// The code that catches the panic goes on. A backtrace of a hundred lines for each panic would only
/// fill a disk.
pub(crate) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("without a word");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(said, place, thread = std::thread::current().name().unwrap_or_default(), "a panic");
    }));
}
