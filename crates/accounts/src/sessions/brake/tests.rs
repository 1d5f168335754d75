use super::*;

fn wait(result: Result<()>) -> Duration {
    match result {
        Ok(()) => Duration::ZERO,
        Err(Error::TooManyFor(wait)) => wait,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_sixth_wrong_password_waits_and_each_further_one_twice_as_long() {
    let (brake, mut now) = (Brake::default(), Instant::now());
    for _ in 0..=SIGN_IN_TRIES {
        brake.try_for("Ada@Example.com", None, now).unwrap();
    }
    let mut waits = Vec::new();
    for _ in 0..8 {
        let long = wait(brake.try_for(" ada@example.com ", None, now));
        assert!(wait(brake.try_for("ada@example.com", None, now + long - Duration::from_millis(1))) > Duration::ZERO);
        now += long;
        brake.try_for("ada@example.com", None, now).unwrap();
        waits.push(long.as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(wait(brake.try_for("eve@example.com", None, now)), Duration::ZERO, "another account does not wait");
}

#[test]
fn who_was_right_does_not_wait() {
    let (brake, now) = (Brake::default(), Instant::now());
    for _ in 0..=SIGN_IN_TRIES {
        brake.try_for("ada@example.com", None, now).unwrap();
    }
    brake.was_right(Some("Ada@example.com"), None);
    assert_eq!(wait(brake.try_for("ada@example.com", None, now)), Duration::ZERO);
}

#[test]
fn an_address_of_the_network_waits_whatever_accounts_it_tries_and_whatever_it_knows() {
    let (brake, now) = (Brake::default(), Instant::now());
    let source = |text: &str| Some(text.parse().unwrap());
    for n in 0..=SIGN_IN_TRIES_OF_SOURCE {
        brake.try_from(source(&format!("2001:db8::{n:x}")), now).unwrap();
    }
    assert!(wait(brake.try_from(source("2001:db8::ffff"), now)) > Duration::ZERO, "its network is one source");
    assert_eq!(wait(brake.try_from(source("2001:db8:0:1::1"), now)), Duration::ZERO);
    // A success subtracts its own attempt, and leaves the failed ones.
    brake.was_right(None, source("2001:db8::1"));
    brake.try_from(source("2001:db8::1"), now).unwrap();
    assert!(wait(brake.try_from(source("2001:db8::1"), now)) > Duration::ZERO);
}

#[test]
fn what_is_remembered_has_a_bound_and_forgets_who_need_not_wait_first() {
    let (brake, now) = (Brake::default(), Instant::now());
    for _ in 0..=SIGN_IN_TRIES {
        brake.try_for("ada@example.com", None, now).unwrap();
    }
    for n in 0..2 * SIGN_IN_REMEMBERED {
        brake.try_for(&format!("{n}@example.com"), None, now).unwrap();
    }
    assert!(brake.accounts.lock().unwrap().known.len() <= SIGN_IN_REMEMBERED);
    assert!(wait(brake.try_for("ada@example.com", None, now)) > Duration::ZERO);
}

#[test]
fn a_stranger_who_fails_on_and_on_locks_nobody_out() {
    let (brake, mut now) = (Brake::default(), Instant::now());
    let source = |number: usize| Some(format!("192.0.2.{number}").parse().unwrap());
    let mut refused = 0;
    for number in 0..200 {
        let stranger = source(number % 13);
        let tried = brake.try_from(stranger, now).and_then(|()| brake.try_for("ada@example.com", stranger, now));
        refused += usize::from(tried.is_err());
        now += Duration::from_millis(200);
    }
    assert!(refused > 150, "{refused}");
    now += SIGN_IN_WAIT_OF_NEWCOMERS;
    let own = source(200);
    brake.try_from(own, now).unwrap();
    brake.try_for("ada@example.com", own, now).unwrap();
    brake.was_right(Some("ada@example.com"), own);
}
