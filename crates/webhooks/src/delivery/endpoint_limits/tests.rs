//! Failing endpoints share a limited rate of attempts; others are not limited by it.

use super::*;

fn endpoint(name: &str) -> EndpointId {
    EndpointId::from(name.to_owned())
}

fn fail(underway: &EndpointLimits, name: &str) {
    (0..FAILING_AFTER).for_each(|_| underway.ended(&endpoint(name), false));
}

#[test]
fn trials_come_one_after_the_other() {
    let (mut trials, now) = (Trials::default(), Instant::now());
    let booked: Vec<Duration> = (0..3).map(|_| trials.book(now) - now).collect();
    assert_eq!(booked, [Duration::ZERO, trial(), 2 * trial()]);
    assert!(!trials.take(now + 2 * trial()));
    assert!(trials.take(now + 3 * trial()));
    assert_eq!(trials.book(now + 10 * trial()), now + 10 * trial(), "what nobody took is not saved up");
}

#[test]
fn a_failing_endpoint_is_not_tried_as_often_as_others() {
    let underway = EndpointLimits::of(1_024);
    fail(&underway, "a");
    // The first call finds a free attempt; the others follow at once.
    let taken = (0..PER_ENDPOINT).filter(|_| underway.take(&endpoint("a")).is_some()).count();
    assert!(taken < PER_ENDPOINT / 2, "{taken}");
    let others: Vec<_> = (0..PER_ENDPOINT).map(|_| underway.take(&endpoint("b")).expect("a permit")).collect();
    assert!(underway.take(&endpoint("b")).is_none(), "it has as many as it may have");
    drop(others);
}

#[test]
fn one_success_gives_an_endpoint_its_full_share() {
    let underway = EndpointLimits::of(1_024);
    fail(&underway, "a");
    underway.ended(&endpoint("a"), true);
    let taken: Vec<_> = (0..PER_ENDPOINT).map(|_| underway.take(&endpoint("a")).expect("a permit")).collect();
    assert_eq!(taken.len(), PER_ENDPOINT);
}
