//! Running programs, and saying what is being done.

use std::process::{Command, Stdio};

use campanile_cluster::is_root;

/// What a chore ends with: nothing, or a sentence about what went wrong.
pub type Outcome<T = ()> = Result<T, String>;

/// Says what begins, so that a long silence has a name.
pub fn say(text: &str) {
    eprintln!("── {text}");
}

/// Runs a program to its end; its failure is ours.
pub fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} cannot be run: {error}")),
    }
}

/// Whether a program answers to `--version`.
pub fn exists(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|s| s.success())
}

/// Installs something with the system's packages when we may, else names the command.
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
