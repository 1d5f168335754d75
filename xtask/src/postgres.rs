//! A throw-away PostgreSQL cluster: its own folder, its own port, an ordinary user, loopback only.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::chore::{Outcome, as_root, is_root, run, say};

/// A running cluster; stopped and removed when dropped.
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    binaries: PathBuf,
}

impl Cluster {
    /// Creates and starts a cluster. `durable` keeps fsync on, as benchmarks need it.
    pub fn start(durable: bool) -> Outcome<Self> {
        let binaries = binaries()?;
        let folder = std::env::temp_dir().join(format!("campanile-postgres-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).map_err(|e| e.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).map_err(|e| e.to_string())?.port();
        let cluster = Self { folder, port, binaries };
        let data = cluster.data();
        say(&format!("starting a throw-away PostgreSQL on 127.0.0.1:{port}"));
        let mut initdb = cluster.command("initdb");
        initdb.args(["--locale=C", "--encoding=UTF8", "--auth=trust", "--username=postgres", "-D"]).arg(&data);
        run(initdb.stdout(Stdio::null()))?;
        let mut settings = String::from(
            "listen_addresses = '127.0.0.1'\nmax_connections = 200\nshared_buffers = '256MB'\nmax_wal_size = '2GB'\n",
        );
        settings.push_str(&format!(
            "port = {port}\nunix_socket_directories = ''\nwal_level = minimal\nmax_wal_senders = 0\n"
        ));
        if !durable {
            settings.push_str("fsync = off\nfull_page_writes = off\n");
        }
        let added = cluster.folder.join("added.conf");
        fs::write(&added, settings).map_err(|e| e.to_string())?;
        fs::set_permissions(&added, fs::Permissions::from_mode(0o644)).map_err(|e| e.to_string())?;
        let mut include = cluster.as_owner("sh");
        include.arg("-c").arg(format!("echo \"include '{}'\" >> {}/postgresql.conf", added.display(), data.display()));
        run(&mut include)?;
        let mut start = cluster.command("pg_ctl");
        start.args(["start", "-w", "-t", "60", "-D"]).arg(&data).arg("-l").arg(cluster.folder.join("data.log"));
        run(start.stdout(Stdio::null()))?;
        Ok(cluster)
    }

    /// What `CAMPANILE_TEST_POSTGRES` holds.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        self.as_owner(self.binaries.join(program).to_str().expect("the path of PostgreSQL is plain"))
    }

    /// PostgreSQL refuses to run as root; its package brings a user for it.
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

/// The folder of `initdb` and `pg_ctl`, after installing the package if we may.
fn binaries() -> Outcome<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    as_root("PostgreSQL", &["apt-get", "install", "-y", "-q", "postgresql"])?;
    find().ok_or_else(|| "PostgreSQL was installed, but initdb is not where Debian puts it".into())
}

fn find() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    versions.sort();
    versions.into_iter().rev().find(|bin| Path::new(&bin.join("initdb")).exists())
}
