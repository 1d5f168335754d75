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
        brake.try_for("Ada@Example.com", now).unwrap();
    }
    let mut waits = Vec::new();
    for _ in 0..8 {
        let long = wait(brake.try_for(" ada@example.com ", now));
        assert!(wait(brake.try_for("ada@example.com", now + long - Duration::from_millis(1))) > Duration::ZERO);
        now += long;
        brake.try_for("ada@example.com", now).unwrap();
        waits.push(long.as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(wait(brake.try_for("eve@example.com", now)), Duration::ZERO, "another account does not wait");
}

#[test]
fn who_was_right_does_not_wait() {
    let (brake, now) = (Brake::default(), Instant::now());
    for _ in 0..=SIGN_IN_TRIES {
        brake.try_for("ada@example.com", now).unwrap();
    }
    brake.was_right(Some("Ada@example.com"), None);
    assert_eq!(wait(brake.try_for("ada@example.com", now)), Duration::ZERO);
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
    // A right one takes itself off, and leaves the wrong ones.
    brake.was_right(None, source("2001:db8::1"));
    brake.try_from(source("2001:db8::1"), now).unwrap();
    assert!(wait(brake.try_from(source("2001:db8::1"), now)) > Duration::ZERO);
}

#[test]
fn what_is_remembered_has_a_bound_and_forgets_who_need_not_wait_first() {
    let (brake, now) = (Brake::default(), Instant::now());
    for _ in 0..=SIGN_IN_TRIES {
        brake.try_for("ada@example.com", now).unwrap();
    }
    for n in 0..2 * SIGN_IN_REMEMBERED {
        brake.try_for(&format!("{n}@example.com"), now).unwrap();
    }
    assert!(brake.accounts.lock().unwrap().known.len() <= SIGN_IN_REMEMBERED);
    assert!(wait(brake.try_for("ada@example.com", now)) > Duration::ZERO);
}
