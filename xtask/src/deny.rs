//! Licences, sources and banned crates of all dependencies, by cargo-deny and `deny.toml`.

use std::process::Command;

use crate::chore::{Outcome, build_folder, run, say};

/// The version of cargo-deny. Another one may judge differently.
const VERSION: &str = "0.20.2";

/// Fails if a dependency has a licence, comes from a source, or is a crate that `deny.toml` does
/// not allow. Known weaknesses need a database from the network: `cargo deny check advisories`
/// looks for them.
pub fn dependencies_are_allowed() -> Outcome {
    let tools = build_folder().join("tools").join(VERSION);
    let program = tools.join("bin/cargo-deny");
    if !program.exists() {
        say("installing cargo-deny, once");
        let mut install = Command::new("cargo");
        // Without optimisation it is built in a third of the time, and is quick enough.
        install.args(["install", "--quiet", "--locked", "--debug", "--version", VERSION, "--root"]).arg(&tools);
        run(install.arg("cargo-deny").env_remove("RUSTFLAGS"))?;
    }
    run(Command::new(program).args(["--log-level", "error", "--workspace", "check", "bans", "licenses", "sources"]))
}
