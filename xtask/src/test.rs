//! All checks and tests, ordered so that cheap failures come first.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::chore::{Outcome, as_root, build_folder, exists, run, say};
use crate::{api_tables, circles, deny, postgres, sources};
use campanile_test_postgres::Cluster;

/// The number of rounds of kills in `cargo xtask drill`; in `cargo xtask test` there are twelve.
const ROUNDS: &str = "50";

/// Up to so many failed tests, or files of journeys, are run once more. More failures are no chance.
const SECOND_RUNS: usize = 3;

/// The numbers of passed and failed tests so far.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
    /// The names of the failed Rust tests, until they are run once more.
    failures: Vec<String>,
    /// The tests that failed beside the others and passed alone. They count as passed, and are named
    /// at the end: each has a race, in itself or in the product.
    second_runs: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.second_runs.extend(other.second_runs);
    }

    /// Prints the result. It is an error if anything failed.
    fn tell(&self) -> Outcome {
        for name in &self.second_runs {
            println!("passed only when it was run once more: {name}");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        match self.failed {
            0 => Ok(()),
            _ => Err("not everything holds".into()),
        }
    }
}

/// Sets up the tools, checks and tests everything, and ends with `N passed, N failed`.
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
    tally.tell()
}

fn all(tally: &mut Tally) -> Outcome {
    set_up()?;
    gates(tally);
    passes("a second build builds nothing", tally, nothing_is_built_again());
    let cluster = postgres::start(false)?;
    rust(tally, &cluster, &[])?;
    node(tally, &cluster, "")
}

/// `check`: all that can be said of the sources without running a test.
pub fn sources_alone() -> Outcome {
    let mut tally = Tally::default();
    gates(&mut tally);
    tally.tell()
}

fn gates(tally: &mut Tally) {
    check("formatting", tally, Command::new("cargo").args(["fmt", "--all", "--check"]));
    passes("modules without circles", tally, circles::check());
    passes("SQL in its places", tally, sources::sql_has_its_places());
    passes("stored JSON is read or refused", tally, sources::stored_json_is_read_or_refused());
    passes("tables of operations that are current", tally, api_tables::are_current());
    passes("dependencies that are used", tally, sources::dependencies_are_used());
    passes("dependencies that are allowed", tally, deny::dependencies_are_allowed());
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
    let mut documentation = Command::new("cargo");
    documentation.args(["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"]);
    check(
        "documentation",
        tally,
        documentation.env(
            "RUSTDOCFLAGS",
            "-D warnings -A rustdoc::private_intra_doc_links -A rustdoc::redundant_explicit_links",
        ),
    );
}

/// Builds the server twice and fails if the second build compiles anything. So `cargo run` starts at
/// once.
fn nothing_is_built_again() -> Outcome {
    let build = || {
        let mut build = Command::new("cargo");
        build.args(["build", "--package", "campanile-server", "--features", "fixtures"]);
        build
    };
    say("the server, twice");
    run(&mut build())?;
    let again = build().output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    let built: Vec<&str> = said.lines().filter(|line| line.trim_start().starts_with("Compiling")).collect();
    match built.is_empty() {
        true => Ok(()),
        false => Err(format!("a second build built again:\n{}", built.join("\n"))),
    }
}

/// `test sdk`: the official libraries alone.
fn sdk(tally: &mut Tally) -> Outcome {
    set_up()?;
    let cluster = postgres::start(false)?;
    rust(tally, &cluster, &["svix::", "knock::"])?;
    node(tally, &cluster, "svix")?;
    node(tally, &cluster, "knock")
}

/// `snapshots`: pictures of the console's components. A person runs it, as browsers of other versions
/// draw a little differently.
pub fn snapshots(update: bool) -> Outcome {
    set_up()?;
    let mut pictures = Command::new("node");
    pictures.args(["--test", "components.mjs"]).current_dir("tests/node");
    pictures.env("CAMPANILE_TEST_CHROMIUM", chromium().ok_or("Chromium is missing")?);
    if update {
        pictures.env("CAMPANILE_UPDATE_SNAPSHOTS", "1");
    }
    run(&mut pictures)
}

/// `drill`: the tests that kill processes, with many rounds.
pub fn drill(names: &[&str]) -> Outcome {
    let cluster = postgres::start(false)?;
    let mut tally = Tally::default();
    let mut command = Command::new("cargo");
    command.args(["test", "--package", "campanile-server", "--test", "it", "--no-fail-fast", "--", "--nocapture"]);
    let all = ["drills", "lossless::", "durability::"];
    command.args(if names.is_empty() { &all[..] } else { names });
    command.env("CAMPANILE_TEST_POSTGRES", cluster.url()).env("CAMPANILE_TEST_ROUNDS", ROUNDS);
    counted(&mut tally, &mut command, "test result:")?;
    tally.tell()
}

fn some(tally: &mut Tally, names: &[&str]) -> Outcome {
    let cluster = postgres::start(false)?;
    names.iter().try_for_each(|name| rust(tally, &cluster, &[name]))
}

/// Installs missing tools, or names the command for it.
pub fn set_up() -> Outcome {
    if !exists("node") || !exists("npm") {
        as_root("Node.js", &["apt-get", "install", "-y", "-q", "nodejs", "npm"])?;
    }
    if chromium().is_none() {
        as_root("Chromium", &["apt-get", "install", "-y", "-q", "chromium-headless-shell"])?;
    }
    if !exists("python3") {
        as_root("Python", &["apt-get", "install", "-y", "-q", "python3", "python3-venv"])?;
    }
    for folder in ["console", "tests/node", "integrations/zapier"] {
        npm_packages(folder)?;
    }
    python_packages()
}

/// Installs the packages of a folder's lock file, if the lock file has changed.
fn npm_packages(folder: &str) -> Outcome {
    let (lock, done) = (format!("{folder}/package-lock.json"), format!("{folder}/node_modules/.package-lock.json"));
    let modified = |path: &str| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    if modified(&done) >= modified(&lock) && modified(&done).is_some() {
        return Ok(());
    }
    say(&format!("installing the npm packages of {folder}"));
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder))
}

/// Installs the Python verifiers and suites in a virtual environment in the build folder.
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

/// Downloads the source of an installed package: its tests are not part of the installation.
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

/// The manuals within npm packages, by which the quality of search is measured.
fn corpora() -> PathBuf {
    let packages = Path::new("tests/node/node_modules");
    std::path::absolute(packages).unwrap_or_else(|_| packages.to_owned())
}

fn python() -> String {
    format!("{}/python/bin/python", build_folder().display())
}

/// The browser of the tests, if it is installed.
pub fn chromium() -> Option<String> {
    let places = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];
    places.into_iter().find(|place| Path::new(place).exists()).map(Into::into)
}

fn check(name: &str, tally: &mut Tally, command: &mut Command) {
    say(name);
    passes(name, tally, run(command));
}

fn passes(name: &str, tally: &mut Tally, outcome: Outcome) {
    match outcome {
        Ok(()) => tally.passed += 1,
        Err(why) => {
            eprintln!("✗ {name}: {why}");
            tally.failed += 1;
        }
    }
}

fn rust(tally: &mut Tally, cluster: &Cluster, names: &[&str]) -> Outcome {
    say("Rust tests, each on both databases");
    let cargo_test = |words: &[&str]| {
        let mut command = Command::new("cargo");
        command.args(["test", "--workspace", "--all-features", "--no-fail-fast", "--"]).args(words);
        command.env("CAMPANILE_TEST_POSTGRES", cluster.url()).env("CAMPANILE_TEST_CORPORA", corpora());
        command
    };
    let mut first = Tally::default();
    counted(&mut first, &mut cargo_test(names), "test result:")?;
    let failures = std::mem::take(&mut first.failures);
    if (1..=SECOND_RUNS).contains(&failures.len()) && first.failed as usize == failures.len() {
        say(&format!("once more: {}", failures.join(", ")));
        let exact: Vec<&str> = ["--exact"].into_iter().chain(failures.iter().map(String::as_str)).collect();
        let mut second = Tally::default();
        counted(&mut second, &mut cargo_test(&exact), "test result:")?;
        first.failed -= second.passed.min(first.failed);
        first.passed += second.passed;
        first.second_runs = failures.into_iter().filter(|name| !second.failures.contains(name)).collect();
    }
    tally.add(first);
    Ok(())
}

/// Runs the JavaScript tests: all of them, or those whose file names begin with `only`.
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
        check("form and lint", tally, &mut npm("lint"));
        check("tests of pure parts and components", tally, &mut npm("test"));
    }
    say("the binary for the browser");
    run(Command::new("cargo").args(["build", "--quiet", "--package", "campanile-server", "--features", "fixtures"]))?;
    say("official clients and the browser against the running server");
    let browser = chromium().ok_or("Chromium is missing")?;
    let journeys = |file: &str| {
        let mut tally = Tally::default();
        let mut command = Command::new("node");
        command.args(["--test", "--test-reporter=tap", file]).current_dir("tests/node");
        command
            .env("CAMPANILE_TEST_POSTGRES", cluster.url())
            .env("CAMPANILE_TEST_BINARY", build_folder().join("debug/campanile"))
            .env("CAMPANILE_TEST_CHROMIUM", &browser)
            .env("CAMPANILE_TEST_PYTHON", python());
        counted(&mut tally, &mut command, "# ").map(|()| tally)
    };
    for file in node_tests(only)? {
        say(&file);
        let mut outcome = journeys(&file)?;
        if outcome.failed > 0 && tally.second_runs.len() < SECOND_RUNS {
            say(&format!("{file} once more"));
            let second = journeys(&file)?;
            if second.failed == 0 {
                outcome = Tally { second_runs: vec![file], ..second };
            }
        }
        tally.add(outcome);
    }
    Ok(())
}

fn node_tests(only: &str) -> Outcome<Vec<String>> {
    let folder = std::fs::read_dir("tests/node").map_err(|e| e.to_string())?;
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut tests: Vec<String> = names.filter(|name| name.starts_with(only) && name.ends_with(".test.mjs")).collect();
    tests.sort();
    Ok(tests)
}

/// Runs a test runner, prints its output, and adds up the result lines that begin with `mark`.
fn counted(tally: &mut Tally, command: &mut Command, mark: &str) -> Outcome {
    let began = Instant::now();
    let before = (tally.passed, tally.failed);
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|e| format!("{command:?} cannot be run: {e}"))?;
    for line in BufReader::new(child.stdout.take().expect("standard output is piped")).lines() {
        let line = line.map_err(|e| e.to_string())?;
        println!("{line}");
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            tally.failures.push(name.to_owned());
        }
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

/// Parses `ok. 3 passed; 1 failed; …` of cargo, and `pass 3`, `fail 1` of Node.
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
