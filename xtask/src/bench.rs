//! Benchmarks: a release build, real databases with fsync on, figures on standard output.

use std::process::Command;

use crate::chore::{Outcome, run, say};
use crate::postgres;

/// `bench ingest`, `bench webhooks` and `bench notify`: a load of its own against the release binary.
pub fn load(what: &str, options: &[&str]) -> Outcome {
    let cluster = postgres::start(true)?;
    say("building the release binary and the load");
    run(Command::new("cargo").args([
        "build",
        "--release",
        "--package",
        "campanile-server",
        "--package",
        "campanile-testkit",
        "--bins",
    ]))?;
    let mut load = Command::new("cargo");
    load.args(["run", "--quiet", "--release", "--package", "campanile-testkit", "--bin", "campanile-load", "--", what]);
    run(load.args(options).env("CAMPANILE_TEST_POSTGRES", cluster.url()))
}

/// `bench engine`: what the workflow engine does by itself.
pub fn engine(options: &[&str]) -> Outcome {
    let cluster = postgres::start(true)?;
    let mut bench = Command::new("cargo");
    bench.args(["bench", "--package", "campanile-engine", "--bench", "engine", "--"]);
    run(bench.args(options).env("CAMPANILE_TEST_POSTGRES", cluster.url()))
}
