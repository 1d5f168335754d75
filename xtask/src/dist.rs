//! `cargo xtask dist`: makes the packages for installation, in `dist/` of the target folder.
//!
//! * `campanile-VERSION-ARCH-linux.tar.gz`: the program, with the documents for operators.
//! * `campanile_VERSION_ARCH.deb`: the same, with a systemd unit, a settings file and a user of its own.
//! * `container/`: a container file and the files that it copies.
//! * `campanile.debug`: the names of the program's functions, which were stripped from it.
//! * `SHA256SUMS` of the archive, the package and the container's program.
//!
//! Everything is then tested, as far as possible without installing. The packages are unpacked and
//! their programs run. The container's program is started with the container's settings and must
//! become ready. systemd checks the unit, if systemd is there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::chore::{Outcome, exists, run, say};

const DOCUMENTS: [&str; 8] = [
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs/operating.md",
    "docs/security.md",
    "docs/api.md",
    "docs/notifications.md",
    "docs/benchmarks.md",
];
/// The address of the program under test, on a port that nothing else should use.
const TRIED_AT: &str = "127.0.0.1:44917";

/// Builds, packs and tests.
pub fn make() -> Outcome {
    let target = PathBuf::from(std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into()));
    let target = std::path::absolute(target).map_err(|e| e.to_string())?;
    say("building the program");
    run(Command::new("cargo").args(["build", "--release", "--package", "campanile-server"]))?;
    let dist = target.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).map_err(shown(&dist))?;
    }
    folder(&dist)?;
    let program = dist.join("campanile");
    strip(&target.join("release/campanile"), &program, &dist.join("campanile.debug"))?;
    let version = version_of(&program)?;
    let archive = archive(&dist, &program, &version)?;
    let package = debian_package(&dist, &program, &version)?;
    container(&dist, &program)?;
    fs::remove_file(&program).map_err(shown(&program))?;
    let names = [archive, package].map(|path| path.file_name().map(PathBuf::from).expect("a file has a name"));
    let sums = Command::new("sha256sum").args(names).arg("container/campanile").current_dir(&dist).output();
    let sums = sums.map_err(|e| format!("sha256sum cannot be run: {e}"))?;
    write(&dist.join("SHA256SUMS"), &sums.stdout)?;
    println!("{}", String::from_utf8_lossy(&sums.stdout).trim_end());
    println!("{}", dist.display());
    Ok(())
}

/// Copies the program without its symbols. They go to a separate file, which debuggers find by its
/// name.
fn strip(built: &Path, program: &Path, symbols: &Path) -> Outcome {
    run(Command::new("objcopy").arg("--only-keep-debug").args([built, symbols]))?;
    run(Command::new("strip").arg("-o").args([program, built]))?;
    let link = format!("--add-gnu-debuglink={}", symbols.display());
    run(Command::new("objcopy").arg(link).arg(program))
}

/// The version that the program prints.
fn version_of(program: &Path) -> Outcome<String> {
    let said = Command::new(program).arg("--version").output().map_err(shown(program))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    said.split_whitespace().nth(1).map(str::to_owned).ok_or_else(|| format!("{said:?} says no version"))
}

fn archive(dist: &Path, program: &Path, version: &str) -> Outcome<PathBuf> {
    say("the archive");
    let name = format!("campanile-{version}-{}-linux", std::env::consts::ARCH);
    let root = dist.join(&name);
    copy(program, &root.join("campanile"), 0o755)?;
    for document in DOCUMENTS {
        copy(Path::new(document), &root.join(document), 0o644)?;
    }
    copy(Path::new("packaging/campanile.toml"), &root.join("campanile.toml.example"), 0o644)?;
    let archive = dist.join(format!("{name}.tar.gz"));
    let owned = ["--owner=0", "--group=0", "--sort=name", "-czf"];
    run(Command::new("tar").args(owned).arg(&archive).arg("-C").arg(dist).arg(&name))?;
    fs::remove_dir_all(&root).map_err(shown(&root))?;
    unpacked(
        dist,
        |at| run(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(at)),
        |at| at.join(&name).join("campanile"),
    )?;
    Ok(archive)
}

fn debian_package(dist: &Path, program: &Path, version: &str) -> Outcome<PathBuf> {
    say("the Debian package");
    let root = dist.join("deb");
    copy(program, &root.join("usr/bin/campanile"), 0o755)?;
    copy(Path::new("packaging/campanile.service"), &root.join("lib/systemd/system/campanile.service"), 0o644)?;
    copy(Path::new("packaging/campanile.toml"), &root.join("etc/campanile/campanile.toml"), 0o640)?;
    for document in DOCUMENTS {
        let name = document.strip_prefix("docs/").unwrap_or(document);
        copy(Path::new(document), &root.join("usr/share/doc/campanile").join(name), 0o644)?;
    }
    for script in ["postinst", "prerm"] {
        copy(&Path::new("packaging").join(script), &root.join("DEBIAN").join(script), 0o755)?;
    }
    write(&root.join("DEBIAN/conffiles"), b"/etc/campanile/campanile.toml\n")?;
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let size = fs::metadata(program).map_err(shown(program))?.len() / 1024;
    let control = format!(
        "Package: campanile\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: The Campanile developers\n\
         Section: net\nPriority: optional\nInstalled-Size: {size}\nDepends: adduser, libc6 (>= {})\n\
         Description: hears what happens in a team's tools and tells those who should know\n \
         One server with an embedded database: signed webhooks come in, become observations, and go out as\n \
         notifications and signed webhooks. PostgreSQL when several machines share the work.\n",
        c_library_of(program)?
    );
    write(&root.join("DEBIAN/control"), control.as_bytes())?;
    let package = dist.join(format!("campanile_{version}_{architecture}.deb"));
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "--build"])
        .args([&root, &package])
        .stdout(Stdio::null()))?;
    fs::remove_dir_all(&root).map_err(shown(&root))?;
    unpacked(
        dist,
        |at| run(Command::new("dpkg-deb").arg("-x").args([&package, &at.to_path_buf()])),
        |at| at.join("usr/bin/campanile"),
    )?;
    if exists("systemd-analyze") {
        check_unit(dist, program)?;
    }
    Ok(package)
}

/// The newest version of the C library that the program needs, from the names of its symbols.
fn c_library_of(program: &Path) -> Outcome<String> {
    let bytes = fs::read(program).map_err(shown(program))?;
    const MARK: &[u8] = b"GLIBC_2.";
    let minors = bytes.windows(MARK.len() + 3).filter(|window| window.starts_with(MARK)).filter_map(|window| {
        let digits: String =
            window[MARK.len()..].iter().map(|byte| char::from(*byte)).take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok()
    });
    minors.max().map(|minor| format!("2.{minor}")).ok_or_else(|| "the program names no C library".into())
}

/// Lets systemd check the unit, with the path of the program in `dist/`.
fn check_unit(dist: &Path, program: &Path) -> Outcome {
    let unit = fs::read_to_string("packaging/campanile.service").map_err(|e| e.to_string())?;
    let tried = dist.join("campanile.service");
    write(&tried, unit.replace("/usr/bin/campanile", &program.display().to_string()).as_bytes())?;
    let said = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&tried).output();
    let said = said.map_err(|e| e.to_string())?;
    // Only faults of the unit count; the user does not exist until the package is installed.
    let faults = String::from_utf8_lossy(&said.stderr).into_owned();
    let faults: Vec<&str> = faults.lines().filter(|line| line.contains("campanile.service")).collect();
    fs::remove_file(&tried).map_err(shown(&tried))?;
    match faults.is_empty() {
        true => Ok(()),
        false => Err(format!("systemd says of the unit: {}", faults.join("; "))),
    }
}

/// Makes the container's folder. Its program is tested with the settings from the container file.
fn container(dist: &Path, program: &Path) -> Outcome {
    say("the container file");
    let root = dist.join("container");
    copy(program, &root.join("campanile"), 0o755)?;
    copy(Path::new("packaging/Containerfile"), &root.join("Containerfile"), 0o644)?;
    let file = fs::read_to_string("packaging/Containerfile").map_err(|e| e.to_string())?;
    let lines = |word: &str| -> Vec<&str> {
        file.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' ')).collect()
    };
    let copied: Vec<(&str, &str)> = lines("COPY").into_iter().filter_map(|line| line.split_once(' ')).collect();
    let missing = copied.iter().find(|(source, _)| !root.join(source).exists());
    if let Some((source, _)) = missing {
        return Err(format!("the container file copies {source}, which is not there"));
    }
    let entry = lines("ENTRYPOINT").concat();
    if !copied.iter().any(|(_, target)| entry == format!("[\"{target}\"]")) {
        return Err(format!("the container file starts {entry}, which it does not copy"));
    }
    let data = dist.join("tried");
    let mut server = Command::new(root.join("campanile"));
    server.arg("serve").env_clear();
    for (name, value) in lines("ENV").into_iter().filter_map(|line| line.split_once('=')) {
        server.env(name, value);
    }
    server.env("CAMPANILE_DATA", &data).env("CAMPANILE_LISTEN", TRIED_AT);
    let mut server = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
    let is_ready = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        let url = format!("http://{TRIED_AT}/api/_health/ready");
        Command::new("curl")
            .args(["--silent", "--fail", "--output", "/dev/null", &url])
            .status()
            .is_ok_and(|s| s.success())
    });
    let _ = server.kill();
    let _ = server.wait();
    let _ = fs::remove_dir_all(&data);
    if is_ready { Ok(()) } else { Err("the container's program did not become ready within ten seconds".into()) }
}

/// Unpacks into a temporary folder and runs the program in it.
fn unpacked(dist: &Path, unpack: impl Fn(&Path) -> Outcome, program: impl Fn(&Path) -> PathBuf) -> Outcome {
    let at = dist.join("unpacked");
    folder(&at)?;
    unpack(&at)?;
    version_of(&program(&at))?;
    fs::remove_dir_all(&at).map_err(shown(&at))
}

fn copy(from: &Path, to: &Path, mode: u32) -> Outcome {
    folder(to.parent().expect("a file is in a folder"))?;
    fs::copy(from, to).map_err(shown(from))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).map_err(shown(to))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    folder(path.parent().expect("a file is in a folder"))?;
    fs::write(path, bytes).map_err(shown(path))
}

fn folder(path: &Path) -> Outcome {
    fs::create_dir_all(path).map_err(shown(path))
}

fn shown(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}
