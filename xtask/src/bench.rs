//! Benchmarks: a release build, real databases with fsync on, figures on standard output.

use std::process::Command;

use crate::chore::{Outcome, run, say};
use crate::postgres::Cluster;

/// `bench ingest`: how many deliveries a second are accepted, and where the time goes.
pub fn ingest(options: &[&str]) -> Outcome {
    let cluster = Cluster::start(true)?;
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
    load.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "campanile-testkit",
        "--bin",
        "campanile-load",
        "--",
        "ingest",
    ]);
    run(load.args(options).env("CAMPANILE_TEST_POSTGRES", cluster.url()))
}
