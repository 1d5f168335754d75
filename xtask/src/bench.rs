//! Benchmarks: a release build, real databases with fsync on, figures on standard output.

use std::process::Command;

use crate::chore::{Outcome, build_folder, run, say};
use crate::{postgres, test};

/// `bench ingest`, `bench webhooks`, `bench notify`, `bench neighbours` and `bench connectors`: runs the
/// load generator against the release binary.
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

/// `bench engine`, `bench search` and `bench clusters`: measures one part alone.
pub fn of_crate(name: &str, options: &[&str]) -> Outcome {
    let cluster = postgres::start(true)?;
    let mut bench = Command::new("cargo");
    // Names are unique among the benchmarks of all crates.
    bench.args(["bench", "--workspace", "--bench", name, "--"]);
    run(bench.args(options).env("CAMPANILE_TEST_POSTGRES", cluster.url()))
}

/// `bench console`: what the pages of a release build cost a real browser.
pub fn console() -> Outcome {
    test::set_up()?;
    say("building the release binary");
    run(Command::new("cargo").args(["build", "--quiet", "--release", "--package", "campanile-server"]))?;
    let mut figures = Command::new("node");
    figures.arg("console-figures.mjs").current_dir("tests/node");
    figures.env("CAMPANILE_TEST_BINARY", build_folder().join("release/campanile"));
    run(figures.env("CAMPANILE_TEST_CHROMIUM", test::chromium().ok_or("Chromium is missing")?))
}
