//! `campanile listen`: prints the live events of a running server, a line for each. After a break it goes on
//! where it was.

use std::io::Write as _;
use std::time::Duration;

use crate::remote::{Remote, arguments};
use clap::ArgMatches;

/// The wait before a broken stream is opened again.
const AGAIN: Duration = Duration::from_secs(2);

/// The server to listen to.
pub(crate) struct Listening {
    remote: Remote,
}

/// The command `listen`.
pub(crate) fn command() -> clap::Command {
    clap::Command::new("listen")
        .about("Print what happens on a running server, a JSON object for each event, until it is stopped")
        .args(arguments())
}

impl Listening {
    pub(crate) fn new(given: &ArgMatches) -> Self {
        Self { remote: Remote::new(given) }
    }

    /// Listens until the output is closed or the key is refused.
    pub(crate) async fn run(self) -> Result<(), String> {
        let mut last: Option<String> = None;
        let mut has_heard = false;
        loop {
            let headers: Vec<(&str, &str)> = last.iter().map(|id| ("last-event-id", id.as_str())).collect();
            match self.remote.stream("GET", "/api/stream", &headers, Vec::new()).await {
                Ok(mut events) => {
                    has_heard = true;
                    while let Ok(Some(event)) = events.next().await {
                        let mut data = event.data;
                        if event.name != "here" {
                            data["event"] = event.name.clone().into();
                            if let Err(error) = writeln!(std::io::stdout().lock(), "{data}") {
                                let is_closed = error.kind() == std::io::ErrorKind::BrokenPipe;
                                return if is_closed { Ok(()) } else { Err(error.to_string()) };
                            }
                        }
                        last = event.id.or(last);
                    }
                }
                // At first a server that does not answer is a mistake; later it may be restarting.
                Err(refused) if !has_heard || refused.is_final => return Err(refused.why),
                Err(refused) => eprintln!("campanile: {}", refused.why),
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
