//! The developers' chores: `cargo xtask help` lists them.
#![allow(clippy::disallowed_methods, reason = "a chore has no settings but the environment")]

mod api_tables;
mod bench;
mod chore;
mod circles;
mod deny;
mod dist;
mod postgres;
mod sources;
mod test;

use std::process::ExitCode;

const HELP: &str = "cargo xtask <chore>

  test [names…]   everything that must hold: formatting, clippy, all tests on both databases, the
                  console, the browser. With names, only the Rust tests whose names contain one.
  test sdk        the official libraries of the wire APIs against the server
  bench ingest    deliveries accepted per second and the latency of each stage, on both databases
  bench webhooks  messages accepted and delivered per second, end to end latency, on both databases
  bench notify    feed items and triggers per second, digests, pushes, idle sockets, on both databases
  bench neighbours  two organisations, one of them hostile, for six minutes: what the other notices
  bench connectors  what a connected account brings: history and files per second, on both databases
  bench engine    runs per second, latencies, a million sleepers, on both databases
  bench search    passages stored per second, and what a search takes, on both databases
  bench clusters  observations assigned to clusters per second, on both databases
  bench console   what each page costs a browser, and how a long list scrolls
  snapshots [update]  pictures of all components against those that were looked at, or new ones
  drill [names…]  the tests that kill processes, fifty rounds each
  dist            what is installed: an archive, a Debian package, a container file, checksums
  check           the rules that hold for the sources, without running a test
  api-tables      the tables of operations in docs/, written anew from docs/openapi.json
  circles         the modules that import each other in a circle
  postgres        a throw-away PostgreSQL for tests that you run by hand, until Enter
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test", names @ ..] => test::everything(names),
        ["bench", what @ ("ingest" | "webhooks" | "notify" | "neighbours" | "connectors"), rest @ ..] => {
            bench::load(what, rest)
        }
        ["bench", "engine", rest @ ..] => bench::of_crate("engine", rest),
        ["bench", "search", rest @ ..] => bench::of_crate("search", rest),
        ["bench", "clusters", rest @ ..] => bench::of_crate("clusters", rest),
        ["bench", "console"] => bench::console(),
        ["snapshots"] => test::snapshots(false),
        ["snapshots", "update"] => test::snapshots(true),
        ["drill", names @ ..] => test::drill(names),
        ["dist"] => dist::make(),
        ["check"] => test::sources_alone(),
        ["circles"] => circles::check(),
        ["api-tables"] => api_tables::write(),
        ["postgres"] => interactive_postgres(),
        _ => {
            eprint!("{HELP}");
            return if words == ["help"] { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("✗ {why}");
            ExitCode::FAILURE
        }
    }
}

fn interactive_postgres() -> chore::Outcome {
    let cluster = postgres::start(false)?;
    println!("export CAMPANILE_TEST_POSTGRES='{}'", cluster.url());
    eprintln!("Press Enter to stop it.");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| e.to_string()).map(drop)
}
