//! Everything that must hold, in the order in which a failure is cheapest.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::chore::{Outcome, as_root, exists, run, say};
use crate::postgres;
use campanile_cluster::Cluster;

/// What has passed and failed so far.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

/// Sets up what is needed, checks and tests everything, and closes with `N passed, N failed`.
pub fn everything(names: &[&str]) -> Outcome {
    let mut tally = Tally::default();
    let outcome = match names {
        [] => all(&mut tally),
        ["sdk"] => sdk(&mut tally),
        names => some(&mut tally, names),
    };
    if let Err(why) = &outcome {
        eprintln!("✗ {why}");
        tally.failed = tally.failed.max(1);
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    match tally.failed {
        0 => Ok(()),
        _ => Err("not everything holds".into()),
    }
}

fn all(tally: &mut Tally) -> Outcome {
    set_up()?;
    check("formatting", tally, Command::new("cargo").args(["fmt", "--all", "--check"]));
    check(
        "clippy",
        tally,
        Command::new("cargo").args([
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ]),
    );
    let cluster = postgres::start(false)?;
    rust(tally, &cluster, &[])?;
    node(tally, &cluster, "")
}

/// `test sdk`: the official libraries alone.
fn sdk(tally: &mut Tally) -> Outcome {
    set_up()?;
    let cluster = postgres::start(false)?;
    rust(tally, &cluster, &["svix::", "knock::"])?;
    node(tally, &cluster, "svix")?;
    node(tally, &cluster, "knock")
}

fn some(tally: &mut Tally, names: &[&str]) -> Outcome {
    let cluster = postgres::start(false)?;
    names.iter().try_for_each(|name| rust(tally, &cluster, &[name]))
}

/// Installs what is missing, or names the command that would.
fn set_up() -> Outcome {
    if !exists("node") || !exists("npm") {
        as_root("Node.js", &["apt-get", "install", "-y", "-q", "nodejs", "npm"])?;
    }
    if chromium().is_none() {
        as_root("Chromium", &["apt-get", "install", "-y", "-q", "chromium-headless-shell"])?;
    }
    if !exists("python3") {
        as_root("Python", &["apt-get", "install", "-y", "-q", "python3", "python3-venv"])?;
    }
    for folder in ["console", "tests/node"] {
        npm_packages(folder)?;
    }
    python_packages()
}

/// The packages of a folder's lock file, installed again only when the lock file changed.
fn npm_packages(folder: &str) -> Outcome {
    let (lock, done) = (format!("{folder}/package-lock.json"), format!("{folder}/node_modules/.package-lock.json"));
    let modified = |path: &str| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    if modified(&done) >= modified(&lock) && modified(&done).is_some() {
        return Ok(());
    }
    say(&format!("installing the npm packages of {folder}"));
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder))
}

/// The Python verifiers and suites, in an environment of their own beside the build.
fn python_packages() -> Outcome {
    let python = python();
    let wanted = "tests/python/requirements.txt";
    let folder = python.trim_end_matches("/bin/python");
    let done = format!("{folder}/requirements.txt");
    let text = std::fs::read(wanted).map_err(|e| format!("{wanted}: {e}"))?;
    if Path::new(&python).exists() && std::fs::read(&done).is_ok_and(|known| known == text) {
        return Ok(());
    }
    say("installing the Python packages");
    if run(Command::new("python3").args(["-m", "venv", folder])).is_err() {
        as_root("Python's venv", &["apt-get", "install", "-y", "-q", "python3-venv"])?;
        run(Command::new("python3").args(["-m", "venv", folder]))?;
    }
    let pip = |words: &[&str]| {
        run(Command::new(&python).args(["-m", "pip", "--quiet", "--disable-pip-version-check"]).args(words))
    };
    pip(&["install", "-r", wanted])?;
    suite_of("knockapi", &text, folder, pip)?;
    std::fs::write(&done, text).map_err(|e| format!("{done}: {e}"))
}

/// The source of a package that was installed: its tests are not in what is installed.
fn suite_of(package: &str, requirements: &[u8], folder: &str, pip: impl Fn(&[&str]) -> Outcome) -> Outcome {
    let requirements = String::from_utf8_lossy(requirements);
    let pinned = requirements.lines().find(|line| line.starts_with(&format!("{package}==")));
    let pinned = pinned.ok_or_else(|| format!("{package} is not pinned"))?;
    let suites = format!("{folder}/suites");
    std::fs::create_dir_all(&suites).map_err(|e| format!("{suites}: {e}"))?;
    let options = ["--no-deps", "--no-build-isolation", "--no-binary", package, "--dest", &suites];
    pip(&[&["download"], &options[..], &[pinned]].concat())?;
    let archive = format!("{suites}/{}.tar.gz", pinned.replace("==", "-"));
    run(Command::new("tar").args(["-xzf", &archive, "-C", &suites]))
}

fn python() -> String {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let target = std::path::absolute(target).unwrap_or_else(|_| "target".into());
    format!("{}/python/bin/python", target.display())
}

fn chromium() -> Option<String> {
    let places = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
    places.into_iter().find(|place| Path::new(place).exists()).map(Into::into)
}

fn check(name: &str, tally: &mut Tally, command: &mut Command) {
    say(name);
    match run(command) {
        Ok(()) => tally.passed += 1,
        Err(why) => {
            eprintln!("✗ {why}");
            tally.failed += 1;
        }
    }
}

fn rust(tally: &mut Tally, cluster: &Cluster, names: &[&str]) -> Outcome {
    say("Rust tests, each on both databases");
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace", "--all-features", "--no-fail-fast", "--"]).args(names);
    command.env("CAMPANILE_TEST_POSTGRES", cluster.url());
    counted(tally, &mut command, "test result:")
}

/// The tests in JavaScript, all or those whose files begin like this.
fn node(tally: &mut Tally, cluster: &Cluster, only: &str) -> Outcome {
    if only.is_empty() {
        say("the console's types and tests");
        let npm = |script| {
            let mut npm = Command::new("npm");
            npm.args(["run", "--silent", script]).current_dir("console");
            npm
        };
        check("types", tally, &mut npm("types"));
        check("the client's schema", tally, &mut npm("schema:check"));
    }
    say("the binary for the browser");
    run(Command::new("cargo").args(["build", "--quiet", "--package", "campanile-server"]))?;
    say("official clients and the browser against the running server");
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into());
    let target = std::path::absolute(target).map_err(|e| e.to_string())?;
    let mut command = Command::new("node");
    command
        .args(["--test", "--test-reporter=tap", "--test-concurrency=1"])
        .args(node_tests(only)?)
        .current_dir("tests/node");
    command.env("CAMPANILE_TEST_POSTGRES", cluster.url()).env("CAMPANILE_TEST_BINARY", target.join("debug/campanile"));
    command.env("CAMPANILE_TEST_CHROMIUM", chromium().ok_or("Chromium is missing")?);
    command.env("CAMPANILE_TEST_PYTHON", python());
    counted(tally, &mut command, "# ")
}

fn node_tests(only: &str) -> Outcome<Vec<String>> {
    let folder = std::fs::read_dir("tests/node").map_err(|e| e.to_string())?;
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<String> = names.filter(|name| name.starts_with(only) && name.ends_with(".test.mjs")).collect();
    tests.sort();
    Ok(tests)
}

/// Runs a test runner, shows what it prints and adds up the closing lines that begin with `mark`.
fn counted(tally: &mut Tally, command: &mut Command, mark: &str) -> Outcome {
    let began = Instant::now();
    let before = (tally.passed, tally.failed);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| format!("{command:?} cannot be run: {e}"))?;
    for line in BufReader::new(child.stdout.take().expect("standard output is piped")).lines() {
        let line = line.map_err(|e| e.to_string())?;
        println!("{line}");
        if let Some(counts) = line.strip_prefix(mark) {
            add(tally, counts);
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    say(&format!("took {} s", began.elapsed().as_secs()));
    if !status.success() && tally.failed == before.1 {
        tally.failed += 1;
    }
    match tally.passed + tally.failed > before.0 + before.1 {
        true => Ok(()),
        false => Err(format!("{command:?} ran no test")),
    }
}

/// Reads `ok. 3 passed; 1 failed; …` of cargo and `pass 3`, `fail 1` of Node.
fn add(tally: &mut Tally, counts: &str) {
    let words: Vec<&str> = counts.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        match pair {
            [n, "passed"] | ["pass", n] => tally.passed += n.parse().unwrap_or(0),
            [n, "failed"] | ["fail", n] => tally.failed += n.parse().unwrap_or(0),
            _ => {}
        }
    }
}
