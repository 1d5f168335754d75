//! The jobs of the memory.

use campanile_engine::Registry;

use crate::Memory;
use crate::clusters::{assignment, summary};
use crate::embedding::job;
use crate::search::merge;

/// Registers the jobs of the memory.
pub fn register(registry: &mut Registry, memory: &Memory) {
    merge::register(registry, memory);
    job::register(registry, memory);
    assignment::register(registry, memory);
    summary::register(registry, memory);
}
