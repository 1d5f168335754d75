use super::circuit_breaker::CircuitBreaker;
use super::*;

const CALL: Duration = Duration::from_secs(1);

#[test]
fn a_script_that_takes_too_long_time_and_again_rests_longer_each_time() {
    let (rests, script, began) = (CircuitBreaker::default(), ("ep_1".to_owned(), 1), Instant::now());
    for _ in 0..2 {
        assert_eq!(rests.admit(&script, began, CALL), Ok(()));
        rests.timed_out(&script, began);
    }
    assert_eq!(rests.admit(&script, began, CALL), Err(Duration::from_secs(1)));
    let later = began + Duration::from_secs(1);
    assert_eq!(rests.admit(&script, later, CALL), Ok(()), "one call decides");
    assert_eq!(rests.admit(&script, later, CALL), Err(CALL), "and no other beside it");
    rests.timed_out(&script, later);
    assert_eq!(rests.admit(&script, later, CALL), Err(Duration::from_secs(2)));
    for _ in 0..20 {
        rests.timed_out(&script, later);
    }
    assert_eq!(rests.admit(&script, later, CALL), Err(Duration::from_secs(60)));
    assert_eq!(rests.admit(&("ep_1".to_owned(), 2), later, CALL), Ok(()), "a changed script is another one");
    rests.was_in_time(&script);
    assert_eq!(rests.admit(&script, later, CALL), Ok(()));
}
