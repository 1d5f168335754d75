//! The load generator of the benchmarks. `cargo xtask bench ingest`, `… webhooks`, `… notify`,
//! `… neighbours` and `… connectors` run it against the release binary. The figures go to standard output.

mod burden;
mod connectors;
mod ingest;
mod neighbours;
mod notify;
mod sink;
mod sockets;
mod sustained;
mod webhooks;

use std::path::PathBuf;
use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (what, rest) = match words.as_slice() {
        [what @ ("ingest" | "webhooks" | "notify" | "neighbours" | "connectors"), rest @ ..] => (*what, rest),
        _ => {
            return eprintln!(
                "campanile-load ingest|webhooks|notify|neighbours|connectors [sqlite|postgres] [PHASE …]"
            );
        }
    };
    let phases: Vec<&str> = rest.iter().copied().filter(|word| !["sqlite", "postgres"].contains(word)).collect();
    for name in ["sqlite", "postgres"] {
        if rest.iter().any(|word| ["sqlite", "postgres"].contains(word)) && !rest.contains(&name) {
            continue;
        }
        let database = async || if name == "sqlite" { TestDatabase::sqlite() } else { TestDatabase::postgres().await };
        match what {
            "neighbours" => neighbours::measure(name, database().await, &phases).await,
            "ingest" => ingest::measure(database().await, &phases).await,
            "connectors" => connectors::measure(name, database, &phases).await,
            "notify" => notify::measure(name, database, &phases).await,
            _ => webhooks::measure(name, database, &phases).await,
        }
    }
}

fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    own.with_file_name("campanile")
}

/// A connection that costs almost no processor time, so that the figures are the server's.
struct Line(TcpStream, Vec<u8>);

impl Line {
    async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket can be set");
        Self(stream, vec![0; 4_096])
    }

    async fn ask(&mut self, request: &[u8]) -> u16 {
        self.0.write_all(request).await.expect("the server reads");
        let mut filled = 0;
        loop {
            let read = self.0.read(&mut self.1[filled..]).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
            filled += read;
            let text = String::from_utf8_lossy(&self.1[..filled]);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                if body.len() >= length.unwrap_or(0) {
                    return head[9..12].parse().expect("a status is a number");
                }
            }
        }
    }
}

fn spread(waits: &mut [Duration]) -> String {
    waits.sort_unstable();
    let millis = |share| quantile(waits, share).as_secs_f64() * 1_000.0;
    format!("p50 {:.2} ms, p99 {:.2} ms", millis(0.5), millis(0.99))
}

/// A quantile of sorted waits: the given share of them is not longer. Zero if there are none.
fn quantile(waits: &[Duration], share: f64) -> Duration {
    let at = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
    waits.get(at).copied().unwrap_or_default()
}

/// User and system time of the server's process in seconds, from `/proc`. A tick is a hundredth of a
/// second.
fn cpu_seconds(server: &Server) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.process_id().unwrap_or(0))).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// Resident memory in KiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id().unwrap_or(0)));
    let status = status.unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}
