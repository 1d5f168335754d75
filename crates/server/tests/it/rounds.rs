//! The number of rounds of a test that kills processes: twelve, or as many as `cargo xtask drill`
//! sets.

/// The environment variable with another number.
const VARIABLE: &str = "CAMPANILE_TEST_ROUNDS";
const FEW: usize = 12;

#[allow(clippy::disallowed_methods, reason = "tests have no other settings")]
pub(crate) fn rounds() -> usize {
    std::env::var(VARIABLE).map_or(FEW, |rounds| rounds.parse().expect("the number of rounds is a number"))
}
