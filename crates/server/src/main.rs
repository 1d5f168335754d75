//! The binary `campanile`: hears what happens in a team's tools, and tells who should know.

mod admin;
mod boot;
mod command;
mod demo;
mod descriptors;
mod documents;
mod fixtures;
mod folder;
mod log_pace;
mod measurements;
mod operator;
mod remote;
mod settings;
mod telemetry;
mod traces;
mod watchdog;

use std::process::ExitCode;
use std::time::Duration;

use command::Command;

/// Half of what a message costs was spent in the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// For how long work that blocks a thread may go on once all else has stopped.
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
            // Dropping it would wait for every thread that is blocked.
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

/// Writes to standard output; whoever reads it may have had enough.
fn show(text: &str) -> Result<(), String> {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}
