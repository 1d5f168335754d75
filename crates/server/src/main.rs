//! The binary `campanile`: receives events from a team's tools and notifies people and systems.

mod admin;
mod answer;
mod boot;
mod command;
mod demo;
mod descriptors;
mod documents;
#[cfg(feature = "fixtures")]
mod fixtures;
mod folder;
mod listen;
mod log_pace;
mod measurements;
mod operator;
mod remote;
mod search;
mod settings;
mod telemetry;
mod traces;
mod watchdog;

use std::process::ExitCode;
use std::time::Duration;

use command::Command;

/// Measured: with the system's allocator, half of the cost of a message was spent allocating.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The time that blocking work may still run after everything else has stopped.
const BLOCKED: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // Before anything else: a worker reads no settings and has no runtime.
    if std::env::args_os().nth(1).is_some_and(|command| command == campanile_webhooks::scripts::WORKER) {
        return campanile_webhooks::scripts::worker::serve();
    }
    let command = match Command::parse() {
        Ok(command) => command,
        Err(message) => {
            eprintln!("campanile: {message}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(command));
            // Dropping the runtime would wait for every blocked thread, without a limit.
            runtime.shutdown_timeout(BLOCKED);
            outcome
        }
        Err(error) => Err(format!("the runtime cannot be started: {error}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("campanile: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), String> {
    match command {
        Command::Serve(settings) => {
            telemetry::start_log(&settings);
            telemetry::log_panics();
            watchdog::start();
            boot::serve(*settings).await
        }
        Command::Demo(settings) => {
            telemetry::start_log(&settings);
            watchdog::start();
            demo::run(*settings).await
        }
        Command::ConfigCheck(settings) => show(&format!("{}The settings are fine.", settings.describe())),
        #[cfg(feature = "fixtures")]
        Command::Fixtures(settings, upstream) => {
            telemetry::start_log(&settings);
            fixtures::knock(*settings, upstream).await
        }
        Command::SignInLink(settings, request) => {
            telemetry::start_log(&settings);
            admin::sign_in_link(*settings, request).await
        }
        Command::Workflows(documents) => documents.run().await,
        Command::Runs(operator) => operator.run().await,
        Command::Search(search) => show(&search.run().await?),
        Command::Answer(question) => question.run().await,
        Command::Listen(listening) => listening.run().await,
        Command::Compact(settings) => {
            telemetry::start_log(&settings);
            boot::compact(&settings)
        }
        Command::OpenApi => {
            let document = campanile_web::openapi().to_pretty_json().map_err(|e| e.to_string())?;
            show(&document)
        }
    }
}

/// Writes to standard output. A closed pipe is no error: the reader, such as `head`, has ended.
fn show(text: &str) -> Result<(), String> {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
