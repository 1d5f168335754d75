//! Decides when a failed delivery is tried again, and when to give up. Pure except for the random
//! jitter.
//!
//! The waits are those of the schedule, give or take a fifth. A receiver's Retry-After replaces the
//! planned wait, whether it is shorter or longer, up to twice the planned wait. The receiver is
//! never tried before that time. After a timeout the planned wait is raised to a minute, or to
//! twelve times itself where that is less.

use std::time::Duration;

use campanile_base::Timestamp;
use campanile_engine::Backoff;
use campanile_net::{Response, SendError};

/// The minimum wait after a timeout, before jitter.
const RESPITE: Duration = Duration::from_secs(60);

/// The next step after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Nothing: the answer was a 2xx.
    Delivered,
    /// Another attempt, after this wait.
    Again(Duration),
    /// Nothing: the schedule is used up.
    GiveUp,
    /// Nothing: the receiver does not want this message (`webhook-delivery: abort-message`).
    Abort,
    /// Nothing more, ever: the receiver answered 410 Gone, or `webhook-delivery: disable`.
    Disable,
}

impl Plan {
    /// The wait before the next attempt, if there is one.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Again(wait) => Some(*wait),
            _ => None,
        }
    }
}

/// The next step after an attempt that had `failures` before it.
pub fn plan(schedule: &[Duration], failures: u32, answer: &Result<Response, SendError>, now: Timestamp) -> Plan {
    match answer {
        Ok(answer) if (200..300).contains(&answer.status) => return Plan::Delivered,
        Ok(answer) if answer.status == 410 => return Plan::Disable,
        Ok(answer) => match answer.header("webhook-delivery").map(str::trim) {
            Some("disable") => return Plan::Disable,
            Some("abort-message") => return Plan::Abort,
            _ => {}
        },
        Err(_) => {}
    }
    let Some(planned) = schedule.get(failures as usize).copied() else { return Plan::GiveUp };
    let asked = answer.as_ref().ok().and_then(|answer| retry_after(answer.header("retry-after")?, now));
    let wait = match (asked.map(|asked| asked.min(planned * 2)), answer) {
        // The jitter gives at least four fifths of this, which is the wait that was asked for.
        (Some(asked), _) => asked.mul_f64(1.25),
        (None, Err(SendError::TimedOut(_))) => planned.max(RESPITE.min(planned * 12)),
        (None, _) => planned,
    };
    Plan::Again(Backoff::jittered(wait))
}

/// Reads seconds, whole or fractional, or an HTTP date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<f64>() {
        return (0.0..1e7).contains(&seconds).then(|| Duration::from_secs_f64(seconds));
    }
    Timestamp::parse_http_date(value).map(|at| at.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(300)];
    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn answer(status: u16, retry_after: Option<&str>) -> Result<Response, SendError> {
        let headers = retry_after.map(|value| ("Retry-After".to_owned(), value.to_owned()));
        Ok(Response { status, headers: headers.into_iter().collect(), body: Vec::new() })
    }

    fn wait(failures: u32, answer: &Result<Response, SendError>) -> f64 {
        plan(&SCHEDULE, failures, answer, NOW).wait().expect("there is another attempt").as_secs_f64()
    }

    #[test]
    fn the_schedule_is_followed_and_then_it_is_over() {
        assert_eq!(plan(&SCHEDULE, 0, &answer(204, None), NOW), Plan::Delivered);
        assert!((4.0..=6.0).contains(&wait(0, &answer(500, None))));
        assert!((240.0..=360.0).contains(&wait(1, &answer(302, None))), "a redirect is a failure");
        assert_eq!(plan(&SCHEDULE, 2, &answer(500, None), NOW), Plan::GiveUp);
        assert_eq!(plan(&[], 0, &answer(500, None), NOW), Plan::GiveUp);
        assert_eq!(plan(&SCHEDULE, 0, &answer(410, None), NOW), Plan::Disable);
    }

    #[test]
    fn a_receiver_can_say_that_it_wants_no_more() {
        let saying = |word: &str| {
            let headers = vec![("Webhook-Delivery".to_owned(), word.to_owned())];
            Ok(Response { status: 400, headers, body: Vec::new() })
        };
        assert_eq!(plan(&SCHEDULE, 0, &saying("disable"), NOW), Plan::Disable);
        assert_eq!(plan(&SCHEDULE, 0, &saying("abort-message"), NOW), Plan::Abort);
        assert!(plan(&SCHEDULE, 0, &saying("thanks"), NOW).wait().is_some());
    }

    #[test]
    fn retry_after_is_heeded_within_twice_the_planned_wait() {
        assert!((8.0..=12.0).contains(&wait(0, &answer(503, Some("8")))));
        assert!((10.0..=15.0).contains(&wait(0, &answer(503, Some("9999")))));
        assert!((1.2..=1.8).contains(&wait(0, &answer(429, Some("1.2")))), "a shorter wait, too");
        assert!((8.0..=12.0).contains(&wait(0, &answer(503, Some("Tue, 14 Nov 2023 22:13:28 GMT")))));
        assert!((4.0..=6.0).contains(&wait(0, &answer(503, Some("soon")))));
    }

    #[test]
    fn a_receiver_that_says_nothing_in_time_gets_a_minute_and_one_that_is_busy_the_planned_wait() {
        assert!((4.0..=6.0).contains(&wait(0, &answer(429, None))));
        assert!((48.0..=72.0).contains(&wait(0, &Err(SendError::TimedOut(RESPITE)))));
    }
}
