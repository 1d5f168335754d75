//! Providers over HTTP, and how they fail.
#![allow(missing_docs, clippy::unwrap_used)]

mod embeddings;
mod rerank;
mod usage;

use campanile_base::Clock;
use campanile_net::{AddressRules, Client};

/// A client that reaches this machine.
fn client() -> Client {
    Client::new(AddressRules::allowing(vec!["127.0.0.0/8".parse().unwrap()]))
}

fn clock() -> Clock {
    Clock::System
}
