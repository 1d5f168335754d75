//! File descriptors: raises their limit, and divides them between connections in and out, and files.
//!
//! The usual soft limit is 1,024, which a few hundred idle sockets use up. It is raised to the hard
//! limit at the start. Half is for connections from outside, a quarter for connections to the
//! outside. The rest is for the database and files.

/// The usual limit of a process, if it cannot be raised; and the most that are asked for.
const USUAL: u64 = 1_024;
const MOST: u64 = 1 << 20;
/// The most connections in each direction. With more, memory runs short before descriptors do.
const MOST_CONNECTIONS: usize = 20_000;

/// The number of descriptors for each use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    /// Connections from outside.
    pub(crate) inbound: usize,
    /// Connections to the outside.
    pub(crate) outbound: usize,
}

/// Raises the limit, and divides the granted descriptors.
pub(crate) fn raise() -> Shares {
    let granted = rlimit::increase_nofile_limit(MOST).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files cannot be raised");
        USUAL
    });
    tracing::debug!(granted, "open files");
    shares_of(granted)
}

fn shares_of(granted: u64) -> Shares {
    let granted = usize::try_from(granted).unwrap_or(usize::MAX);
    Shares { inbound: (granted / 2).min(MOST_CONNECTIONS), outbound: (granted / 4).clamp(16, MOST_CONNECTIONS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calling_out_takes_no_descriptor_from_the_door() {
        for granted in [256, 1_024, 65_536, 1 << 20] {
            let Shares { inbound, outbound } = shares_of(granted);
            assert!(inbound + outbound <= granted as usize * 3 / 4, "{granted}");
            assert!(inbound >= outbound.min(MOST_CONNECTIONS) || granted > 65_536, "{granted}");
        }
    }
}
