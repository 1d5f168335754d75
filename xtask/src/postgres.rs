//! PostgreSQL for the chores: installs it if needed and possible, and starts a temporary cluster.

use campanile_test_postgres::{Cluster, binaries};

use crate::chore::{Outcome, as_root, say};

/// Starts a cluster, after installing the package if it is missing.
pub fn start(durable: bool) -> Outcome<Cluster> {
    if binaries().is_none() {
        as_root("PostgreSQL", &["apt-get", "install", "-y", "-q", "postgresql"])?;
    }
    say("starting a throw-away PostgreSQL");
    Cluster::start(durable)
}
