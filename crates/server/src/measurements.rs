//! The measurements of `/metrics`, with a description of each: of the server, of the process, and
//! the version of the program.

use std::time::Duration;

use campanile_db::Db;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The time between two runs of the upkeep, which puts single values into buckets.
const TIDY: Duration = Duration::from_secs(5);
/// The time between two measurements of the database's size.
const ROOM: Duration = Duration::from_secs(30);
/// Bounds of the buckets for measurements in seconds.
const SECONDS: [f64; 14] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Every measurement with its description. Names that end in `_total` are counters. Names that end
/// in `_seconds` or `_size` are histograms, except `campanile_queue_oldest_seconds`. All others are
/// gauges.
const MEANINGS: [(&str, &str); 54] = [
    ("campanile_answer_seconds", "How long answers took."),
    ("campanile_answers_total", "Answers, by who made them and whether there was one."),
    ("campanile_build_info", "Always 1; the labels say which program this is."),
    ("campanile_clusters_joined_total", "Clusters that were joined with another one, as their stories are one."),
    ("campanile_cluster_summaries_total", "Looks at clusters that may need a summary, by what came of them."),
    ("campanile_clustered_observations_total", "Observations that this node has assigned to a cluster."),
    ("campanile_db_bytes", "Bytes of each table of PostgreSQL with its indexes; of the embedded database as one."),
    ("campanile_db_dead_rows", "Rows of each table that are dead and that PostgreSQL has yet to clear away."),
    ("campanile_db_free_bytes", "Bytes of the embedded database's file that are free."),
    ("campanile_db_group_seconds", "How long a group of changes of the embedded database took, its commit included."),
    ("campanile_db_group_size", "How many changes shared a commit of the embedded database."),
    ("campanile_deliveries_total", "Deliveries of providers, by provider and what they were answered."),
    ("campanile_documents_total", "Documents that were added or changed, by the tool that they come from."),
    ("campanile_fallbacks_total", "Mails that went out through their channel's second provider."),
    ("campanile_feed_items_total", "Items that were put into feeds."),
    ("campanile_http_accept_failures_total", "Connections that could not be accepted."),
    ("campanile_http_bodies_refused_total", "Bodies of requests that were refused, by reason."),
    ("campanile_http_connections", "Open connections."),
    ("campanile_http_connections_given_up_total", "Connections that were closed because their peer took too long."),
    ("campanile_http_connections_refused_total", "Connections that were one too many."),
    ("campanile_http_seconds", "How long requests took, by method, route and status."),
    ("campanile_job_seconds", "How long jobs took from their start to their commit, by kind."),
    ("campanile_jobs_total", "Attempts of jobs, by kind and how they ended."),
    ("campanile_log_lines_left_out_total", "Lines of the log that were left out because others were like them."),
    ("campanile_mcp_calls_total", "Calls of assistants' tools, by tool and how they ended."),
    ("campanile_mcp_seconds", "How long calls of assistants' tools took, by tool."),
    ("campanile_messages_total", "Messages of notifications, by channel and what became of them."),
    ("campanile_model_calls_total", "Calls of the language model, by how they ended."),
    ("campanile_observations_total", "Observations that were remembered, by provider."),
    ("campanile_embedded_passages_total", "Passages for which this node has made a vector."),
    ("campanile_embedding_seconds", "How long a group of passages took to be embedded."),
    ("campanile_provider_calls_total", "Calls of models, by purpose and by how they ended."),
    ("campanile_provider_seconds", "How long calls of models took, by purpose."),
    ("campanile_queue_depth", "Runs and jobs that are due and wait, by name."),
    ("campanile_queue_oldest_seconds", "For how long the oldest of them has waited, by name."),
    ("campanile_run_seconds", "How long runs of workflows took, by name."),
    ("campanile_runs_in_memory", "Runs and jobs that this node has in memory."),
    ("campanile_runs_retried_total", "Runs of workflows that are tried again, by name."),
    ("campanile_runs_started_total", "Runs and jobs that were started, by name."),
    ("campanile_runs_total", "Runs of workflows that ended, by name and how."),
    ("campanile_runs_underway", "Runs and jobs that are under way on this node."),
    ("campanile_sandbox_given_up_total", "Work of the sandbox that took too long and was given up."),
    ("campanile_script_calls_total", "Calls of endpoints' scripts, by how they ended."),
    ("campanile_script_workers_killed_total", "Processes of scripts that were killed."),
    ("campanile_search_index_bytes", "Bytes of the search indexes that this node has in memory."),
    ("campanile_search_seconds", "How long searches took."),
    (
        "campanile_search_segments_damaged_total",
        "Segments of search indexes that could not be read and were built again.",
    ),
    ("campanile_sockets", "Open sockets of feeds."),
    ("campanile_spans_lost_total", "Spans that no collector has taken."),
    ("campanile_step_seconds", "How long steps of workflows took, by name and how they ended."),
    ("campanile_syncs_total", "Syncs of documents that have ended, by tool and status."),
    ("campanile_understanding_total", "Observations and clusters that a language model has read, by job and outcome."),
    ("campanile_webhook_attempts_total", "Attempts to deliver a webhook, by how they ended."),
    ("campanile_webhook_seconds", "How long an endpoint took to answer."),
];

/// Starts measuring.
pub(crate) fn start() -> Option<PrometheusHandle> {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let handle = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS).ok()?.install_recorder().ok()?;
    for (name, meaning) in MEANINGS {
        match kind_of(name) {
            Kind::Counter => metrics::describe_counter!(name, meaning),
            Kind::Histogram => metrics::describe_histogram!(name, meaning),
            Kind::Gauge => metrics::describe_gauge!(name, meaning),
        }
    }
    metrics_process::Collector::default().describe();
    metrics::gauge!("campanile_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    tokio::spawn(tidy(handle.clone()));
    Some(handle)
}

/// Puts measured values into their buckets. Without this, each value is kept until somebody reads
/// `/metrics`. If nobody ever does, each message takes sixty bytes of memory for good.
async fn tidy(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(TIDY);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Measures the size of the database until the future is dropped.
pub(crate) async fn measure_room(db: Db) {
    let mut ticks = tokio::time::interval(ROOM);
    loop {
        ticks.tick().await;
        if let Err(error) = db.measure_room().await {
            tracing::debug!(%error, "the room that the database takes could not be measured");
        }
    }
}

enum Kind {
    Counter,
    Histogram,
    Gauge,
}

fn kind_of(name: &str) -> Kind {
    match name {
        "campanile_queue_oldest_seconds" => Kind::Gauge,
        name if name.ends_with("_total") => Kind::Counter,
        name if name.ends_with("_seconds") || name.ends_with("_size") => Kind::Histogram,
        _ => Kind::Gauge,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn measured(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                measured(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for macro_name in ["counter!(\"", "gauge!(\"", "histogram!(\""] {
                    let opening = format!("metrics::{macro_name}");
                    let names = text.split(&opening).skip(1);
                    found.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
                }
            }
        }
    }

    #[test]
    fn whatever_is_measured_says_what_it_means() {
        let mut found = BTreeSet::new();
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for folder in std::fs::read_dir(crates).unwrap().filter_map(Result::ok) {
            measured(&folder.path().join("src"), &mut found);
        }
        found.retain(|name| name.starts_with("campanile_"));
        let described: BTreeSet<String> = MEANINGS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(found, described);
    }
}
