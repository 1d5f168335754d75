//! Runs programs, and prints the current step.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use campanile_test_postgres::is_root;

/// The result of a chore: nothing, or a sentence about the failure.
pub type Outcome<T = ()> = Result<T, String>;

/// Prints the step that begins, so that a long silence is explained.
pub fn say(text: &str) {
    eprintln!("── {text}");
}

/// Runs a program to its end. Its failure is the chore's failure.
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} cannot be run: {error}")),
    }
}

/// True if a program answers to `--version`.
pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Installs something with the system's packages, as root or by sudo. Without the rights for that,
/// the error names the command.
pub fn as_root(what: &str, command: &[&str]) -> Outcome {
    let by_hand = format!("{what} is missing and cannot be installed from here. Run: sudo {}", command.join(" "));
    let mut install = match (is_root(), exists("sudo")) {
        (true, _) => Command::new(command[0]),
        (false, true) => {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", command[0]]);
            sudo
        }
        (false, false) => return Err(by_hand),
    };
    say(&format!("installing {what}"));
    if is_root() {
        let _ = Command::new("apt-get").args(["update", "-q"]).stdout(Stdio::null()).status();
    }
    run(install.args(&command[1..]).stdout(Stdio::null())).map_err(|_| by_hand)
}

/// The folder that cargo builds in.
pub fn build_folder() -> PathBuf {
    let folder = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    std::path::absolute(&folder).unwrap_or_else(|_| folder.into())
}
