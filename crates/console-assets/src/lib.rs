//! The console's files, embedded in the program.
//!
//! They are in a crate of their own, so that a change in the console compiles neither the APIs nor
//! their handlers again.

include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// The hash of the one inline script of the page, as a content security policy writes it.
pub const SCRIPT_HASH: &str = env!("CAMPANILE_THEME_SCRIPT_HASH");
