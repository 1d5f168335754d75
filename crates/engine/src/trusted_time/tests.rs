//! Tests with clocks that run evenly, jump, and come back.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn noon() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn is_believed(seen: ClockReading) -> bool {
    seen.leapt.is_none()
}

#[test]
fn a_clock_that_goes_on_is_believed() {
    let mut seen = judge(None, noon(), Duration::ZERO, None);
    assert!(is_believed(seen));
    for hours in 1..10 {
        seen = judge(Some(seen), noon().plus(hours * 5 * HOUR), hours * 5 * HOUR, None);
        assert!(is_believed(seen));
    }
}

#[test]
fn a_leap_of_three_years_for_three_seconds_removes_nothing() {
    let seconds = Duration::from_secs;
    let before = judge(None, noon(), seconds(0), Some(noon()));
    let leapt = judge(Some(before), noon().plus(3 * YEAR), seconds(5), None);
    assert!(!is_believed(leapt));
    let meanwhile = judge(Some(leapt), noon().plus(3 * YEAR + seconds(3)), seconds(8), None);
    assert!(!is_believed(meanwhile));
    let back = judge(Some(meanwhile), noon().plus(seconds(10)), seconds(10), None);
    assert!(!is_believed(back), "it has leapt once more");
    let later = judge(Some(back), noon().plus(2 * HOUR), 2 * HOUR, None);
    assert!(is_believed(later), "it has gone on evenly since");
}

#[test]
fn a_leap_that_stays_is_believed_after_an_hour() {
    let before = judge(None, noon(), Duration::ZERO, None);
    let mut seen = judge(Some(before), noon().plus(YEAR), HOUR, None);
    for minutes in 1..60 {
        let since = Duration::from_secs(minutes * 60);
        seen = judge(Some(seen), noon().plus(YEAR + since), HOUR + since, None);
        assert!(!is_believed(seen), "{minutes}");
    }
    assert!(is_believed(judge(Some(seen), noon().plus(YEAR + HOUR), 2 * HOUR, None)));
}

#[test]
fn a_start_long_after_the_time_that_was_noted_waits_an_hour() {
    for start in [noon().plus(3 * YEAR), noon().minus(YEAR)] {
        let first = judge(None, start, Duration::ZERO, Some(noon()));
        assert!(!is_believed(first));
        assert!(is_believed(judge(Some(first), start.plus(HOUR), HOUR, Some(noon()))));
    }
    assert!(is_believed(judge(None, noon().plus(HOUR), Duration::ZERO, Some(noon()))));
}
