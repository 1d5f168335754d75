//! Scripts in real processes.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod scripts;
