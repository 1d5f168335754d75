//! A temporary PostgreSQL cluster for tests, with its own folder and port, under an ordinary user,
//! on loopback only. It can be killed and started again.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The result of a step: a value, or a sentence that describes the problem.
pub type Outcome<T = ()> = Result<T, String>;

/// A running cluster. Dropping it stops and removes it.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    binaries: PathBuf,
}

impl Cluster {
    /// Creates and starts a cluster with the PostgreSQL programs of this machine. `durable` keeps
    /// fsync on, which benchmarks need. Without it, committed data survives a crash of the server,
    /// but not of the machine.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(durable: bool) -> Outcome<Self> {
        static SERIAL: AtomicU32 = AtomicU32::new(0);
        let binaries = binaries().ok_or("PostgreSQL is not installed where Debian puts it")?;
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("campanile-postgres-{}-{serial}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).map_err(|e| e.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
        let cluster = Self { folder, port, binaries };
        let mut initdb = cluster.command("initdb");
        initdb.args(["--locale=C", "--encoding=UTF8", "--auth=trust", "--username=postgres", "-D"]).arg(cluster.data());
        run(initdb.stdout(Stdio::null()))?;
        cluster.configure(durable)?;
        cluster.begin()?;
        Ok(cluster)
    }

    /// The URL of the cluster, for the superuser.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// Kills the server with SIGKILL, as the system does when memory is short.
    ///
    /// # Errors
    /// When the server does not run.
    pub fn kill(&self) -> Outcome {
        let mut show = self.as_owner("head");
        let file = show.arg("-1").arg(self.data().join("postmaster.pid")).output().map_err(|e| e.to_string())?;
        let process = String::from_utf8_lossy(&file.stdout).trim().to_owned();
        run(self.as_owner("kill").args(["-9", &process]))
    }

    /// Starts the server again with the same data.
    ///
    /// # Errors
    /// When 30 attempts to start it fail.
    pub fn restart(&self) -> Outcome {
        // The last processes of the killed server may still be ending.
        for _ in 0..30 {
            if self.begin().is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err("PostgreSQL does not start again".into())
    }

    fn begin(&self) -> Outcome {
        let mut start = self.command("pg_ctl");
        start.args(["start", "-w", "-t", "60", "-D"]).arg(self.data()).arg("-l").arg(self.folder.join("data.log"));
        run(start.stdout(Stdio::null()).stderr(Stdio::null()))
    }

    fn configure(&self, durable: bool) -> Outcome {
        let mut settings = String::from(
            "listen_addresses = '127.0.0.1'\nmax_connections = 200\nshared_buffers = '256MB'\nmax_wal_size = '2GB'\n\
             unix_socket_directories = ''\nwal_level = minimal\nmax_wal_senders = 0\n",
        );
        settings.push_str(&format!("port = {}\n", self.port));
        if !durable {
            settings.push_str("fsync = off\nfull_page_writes = off\n");
        }
        let added = self.folder.join("added.conf");
        fs::write(&added, settings).map_err(|e| e.to_string())?;
        fs::set_permissions(&added, fs::Permissions::from_mode(0o644)).map_err(|e| e.to_string())?;
        let line = format!("echo \"include '{}'\" >> {}/postgresql.conf", added.display(), self.data().display());
        run(self.as_owner("sh").args(["-c", &line]))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.as_owner(self.binaries.join(program).to_str().expect("the path of PostgreSQL is plain"))
    }

    /// A command that runs as the owner of the cluster. PostgreSQL refuses to run as root; its
    /// package creates a user for it.
    fn as_owner(&self, program: &str) -> Command {
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "-m", "immediate", "-D"]).arg(self.data()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = stop.status();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder of the newest installed `initdb` and `pg_ctl`.
pub fn binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.sort();
    versions.into_iter().rev().find(|bin| Path::new(&bin.join("initdb")).exists())
}

/// True if this process runs as root, by the owner of its folder in `/proc`.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn run(command: &mut Command) -> Outcome {
    let shown = format!("{command:?}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown} ended with {status}")),
        Err(error) => Err(format!("{shown} cannot be run: {error}")),
    }
}
