//! Clusters: observations that are about one thing, such as an incident and its fix, or a feature and
//! its reviews.
//!
//! # The life of a cluster
//! 1. An observation is *assigned* once, by the job [`assignment`]: to the open cluster to which it is
//!    nearest, or to a new one. It waits for its vector, if the server makes any.
//! 2. An observation that is tied by a certain edge to observations of one cluster joins it at once, in
//!    the transaction that stores it ([`of_linked`]): events and notifications about it name the
//!    cluster. The job adds it to the cluster's figures as any other.
//! 3. A cluster with two observations is announced by the job [`CLUSTER_CREATED`], which the pipeline
//!    runs. One with five gets a [`summary`], a passage that search finds.
//! 4. It is open for seven days after its last observation, and for thirty days in all.
//! 5. Two that turn out to be one story are joined: the older one survives, and the [id](redirects) of the other leads
//!    to it.
//! 6. It goes with its last observation, when that is past its retention.
//!
//! # Failure
//! Assigned is what [`cluster_progress`](assignment) has: ranges of passages, which change in the
//! transaction that assigns their observations. So a node that ends has assigned all of a range or
//! nothing, and another one goes on. Live events come before a backlog, as with vectors.

pub(crate) mod assignment;
mod linked;
mod reading;
mod redirects;
pub(crate) mod removal;
mod status;
pub(crate) mod summary;

use std::time::Duration;

pub use assignment::assign;
pub(crate) use linked::of_linked;
pub use reading::{
    Cluster, ClusterActor, ClusterDetail, ClusterFilter, ClusterName, ClusterSource, ClusterSummary, by_id, detail,
    is_history, page, workspace_of,
};
pub(crate) use reading::{headline, named};
pub use status::ClusterStatus;
pub use summary::{SummaryOutcome, summarise};

pub use crate::observations::ClusterId;

/// The job that announces a cluster. The pipeline has its handler.
pub const CLUSTER_CREATED: &str = "memory.cluster-created";

/// The arguments of [`CLUSTER_CREATED`].
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct ClusterCreatedArgs {
    /// The workspace.
    pub workspace: campanile_accounts::WorkspaceId,
    /// The cluster.
    pub cluster: String,
}

/// A cluster is open for this time before its first observation and behind its last.
const OPEN: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The longest time between the first observation and the last.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// A cluster in which nothing happened for this time has stalled, unless it is completed.
const SILENCE: Duration = Duration::from_secs(5 * 24 * 3_600);
