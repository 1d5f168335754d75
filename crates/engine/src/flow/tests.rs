//! Tests of throttles and schedules against simple models.

use std::time::Duration;

use campanile_base::Timestamp;

use super::Throttle;
use super::{Cron, Missed};
use crate::dice::Dice;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

/// The model: a bucket that holds `burst + 1` pieces and leaks one piece per part of the period.
#[test]
fn a_throttle_is_a_leaking_bucket() {
    for seed in 1..=2_000u64 {
        let mut dice = Dice::of(seed);
        let (limit, burst) = (1 + dice.roll(5) as u32, dice.roll(4) as u32);
        let spread = 60_000_000 * (1 + dice.roll(3) as i64);
        let throttle = Throttle { limit, period: Duration::from_micros(spread as u64) * limit, burst };
        let (mut now, mut tat) = (at(0), at(0));
        // The fill level of the bucket, in microseconds of leaking.
        let mut level = 0i64;
        for _ in 0..200 {
            let pause = dice.roll(spread as u64 * 2) as i64;
            now = now.plus(Duration::from_micros(pause as u64));
            level = (level - pause).max(0);
            let has_room = level <= spread * i64::from(burst);
            match throttle.pass(tat, now) {
                Ok(next) => {
                    assert!(has_room, "seed {seed}: it let one pass that the bucket has no room for");
                    (tat, level) = (next, level + spread);
                }
                Err(earliest) => {
                    assert!(!has_room, "seed {seed}: it held one back that the bucket has room for");
                    let wait = level - spread * i64::from(burst);
                    assert_eq!(earliest, now.plus(Duration::from_micros(wait as u64)), "seed {seed}");
                }
            }
        }
    }
}

/// The model: every minute is checked.
#[test]
fn a_schedule_is_the_next_minute_that_fits() {
    let mut dice = Dice::of(1);
    for _ in 0..300 {
        let (minute, every) = (dice.roll(60) as i64, 1 + dice.roll(12) as i64);
        let cron = Cron::parse(&format!("{minute} */{every} * * *")).unwrap();
        let from = at(dice.roll(86_400 * 30) as i64);
        let mut candidate = from.as_seconds() - from.as_seconds().rem_euclid(60) + 60;
        while candidate / 60 % 60 != minute || candidate / 3600 % 24 % every != 0 {
            candidate += 60;
        }
        assert_eq!(cron.after(from), Some(Timestamp::from_seconds(candidate)), "{} after {from}", cron.as_str());
    }
}

#[test]
fn a_schedule_keeps_to_the_clock_of_its_zone_when_that_changes() {
    let cron = Cron::parse("TZ=Europe/Berlin 0 9 * * *").unwrap();
    let next = |text: &str| cron.after(Timestamp::parse(text).unwrap()).unwrap().to_string();
    assert_eq!(next("2026-03-28T08:30:00Z"), "2026-03-29T07:00:00.000000Z", "summer time has begun");
    assert_eq!(next("2026-10-24T07:30:00Z"), "2026-10-25T08:00:00.000000Z", "and has ended");
}

#[test]
fn missed_times_are_made_up_for_as_declared() {
    let planned = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    let now = Timestamp::parse("2026-01-01T02:30:00Z").unwrap();
    let hourly = Cron::parse("0 * * * *").unwrap();
    let hour = |n: u64| planned.plus(Duration::from_secs(n * 3600));
    assert_eq!(hourly.keep(planned, now), (vec![hour(2)], Some(hour(3))));
    assert_eq!(hourly.clone().missed(Missed::Skip).keep(planned, now), (vec![], Some(hour(3))));
    assert_eq!(hourly.clone().missed(Missed::All).keep(planned, now), (vec![planned], Some(hour(1))));
    assert_eq!(hourly.keep(planned, planned), (vec![planned], Some(hour(1))));
}

#[test]
fn what_cannot_be_read_is_refused_in_words() {
    assert!(Cron::parse("TZ=Mars/Olympus 0 9 * * *").unwrap_err().to_string().contains("Mars/Olympus"));
    assert!(Cron::parse("every now and then").unwrap_err().to_string().contains("every now and then"));
    assert!(super::Expression::parse("event.data.").unwrap_err().to_string().contains("event.data."));
}
