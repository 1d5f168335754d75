//! Builds the console and lists its files for embedding.
//!
//! Taken is, in this order: a folder named by `CAMPANILE_CONSOLE_DIST`; a build with npm, when
//! there is one; `console/dist` as somebody else built it; else a page that says what to do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder"));
    let console = Path::new("../../console").to_owned();
    // The pages of the documentation are built into the console.
    let watched = ["src", "index.html", "portal.html", "package-lock.json", "vite.config.ts", "dist", "../docs"];
    // Cargo takes a path that is missing for one that has changed, and would build this crate every time.
    for path in watched.map(|name| console.join(name)).into_iter().filter(|path| path.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rerun-if-env-changed=CAMPANILE_CONSOLE_DIST");
    let dist = prebuilt().or_else(|| build(&console, &out)).or_else(|| kept(&console)).unwrap_or_else(|| page(&out));
    let mut files = Vec::new();
    collect(&dist, &dist, &mut files);
    files.sort();
    let entries: String =
        files.iter().map(|(name, path)| format!("    ({name:?}, include_bytes!({path:?})),\n")).collect();
    let list = format!(
        "/// The files of the console, each with its path.\npub static FILES: &[(&str, &[u8])] = &[\n{entries}];\n"
    );
    fs::write(out.join("console_files.rs"), list).expect("cargo's folder can be written");
    println!("cargo:rustc-env=CAMPANILE_THEME_SCRIPT_HASH={}", theme_script_hash(&dist));
}

fn prebuilt() -> Option<PathBuf> {
    env::var_os("CAMPANILE_CONSOLE_DIST").map(PathBuf::from)
}

fn build(console: &Path, out: &Path) -> Option<PathBuf> {
    if !succeeds(Command::new("npm").arg("--version")) {
        return None;
    }
    let installed = console.join("node_modules/.package-lock.json");
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    if modified(&installed).is_none() || modified(&installed) < modified(&console.join("package-lock.json")) {
        let mut install = Command::new("npm");
        install.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(console);
        if !succeeds(&mut install) {
            println!("cargo:warning=the console's npm packages cannot be installed; its page will say what to do");
            return None;
        }
    }
    let dist = out.join("console");
    let mut vite = Command::new("npx");
    vite.args(["--no-install", "vite", "build", "--logLevel", "error", "--emptyOutDir", "--outDir"]).arg(&dist);
    match succeeds(vite.current_dir(console)) {
        true => Some(dist),
        false => {
            println!("cargo:warning=the console does not build; run `npm run build` in console/ to see why");
            None
        }
    }
}

fn kept(console: &Path) -> Option<PathBuf> {
    let dist = console.join("dist");
    dist.join("index.html").exists().then_some(dist)
}

fn page(out: &Path) -> PathBuf {
    let folder = out.join("no-console");
    fs::create_dir_all(&folder).expect("cargo's folder can be written");
    let text = "<!doctype html><title>Campanile</title><p>This build has no console: install Node.js 20 or newer and \
                build again, or name a built console in CAMPANILE_CONSOLE_DIST. The APIs work as they are.</p>";
    fs::write(folder.join("index.html"), text).expect("cargo's folder can be written");
    folder
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the console was built").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let name = path.strip_prefix(root).expect("it lies within").to_string_lossy().replace('\\', "/");
        let absolute = path.canonicalize().expect("it is there");
        files.push((name, absolute.to_string_lossy().into_owned()));
    }
}

/// The one inline script sets the theme before the first paint; its hash lets the policy name it.
fn theme_script_hash(dist: &Path) -> String {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = fs::read_to_string(dist.join("index.html")).unwrap_or_default();
    let script = page.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).map_or("", |(s, _)| s);
    let hash = sha2::Sha256::digest(script.as_bytes());
    format!("sha256-{}", base64::engine::general_purpose::STANDARD.encode(hash))
}
