//! The times of reconciles.

use super::*;

#[test]
fn sources_are_reconciled_once_a_day_and_spread_over_it() {
    let now = Timestamp::from_micros(1_800_000_000_000_000);
    let mut hours = [0_u32; 24];
    for n in 0..2_400 {
        let source = format!("src_{n}");
        let next = next_reconcile(&source, now);
        assert!(next > now && next.since(now) <= DAY);
        assert_eq!(next_reconcile(&source, next).since(next), DAY, "each has the same time on every day");
        hours[(next.as_micros().rem_euclid(86_400_000_000) / 3_600_000_000) as usize] += 1;
    }
    assert!(hours.iter().all(|number| (60..=140).contains(number)), "{hours:?}");
}
