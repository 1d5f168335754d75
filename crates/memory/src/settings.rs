//! The settings of the memory.

use std::time::Duration;

/// The settings of the memory.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The bytes that the search indexes of a node may take.
    pub index_bytes: usize,
    /// The passages of the smallest segment. Every node must have the same number.
    pub sealed_passages: i64,
    /// The time after its last observation until a cluster is summarised.
    pub summary_delay: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { index_bytes: 512 << 20, sealed_passages: 4_096, summary_delay: Duration::from_secs(600) }
    }
}
