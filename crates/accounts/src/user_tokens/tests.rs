use super::*;

const NOW: i64 = 1_700_000_000;

fn claims(iat: Option<i64>, nbf: Option<i64>) -> Claims {
    Claims { sub: "jane".to_owned(), iat, nbf, exp: NOW + 60, session: None, grants: Grants::default() }
}

#[test]
fn a_token_is_no_good_before_its_time_give_or_take_half_a_minute() {
    assert!(has_begun(&claims(None, None), NOW));
    for (time, is_good) in [(NOW - 60, true), (NOW + SKEW, true), (NOW + SKEW + 1, false), (i64::MAX, false)] {
        assert_eq!(has_begun(&claims(None, Some(time)), NOW), is_good, "nbf {time}");
        assert_eq!(has_begun(&claims(Some(time), None), NOW), is_good, "iat {time}");
    }
    assert!(has_begun(&claims(Some(i64::MIN), Some(i64::MIN)), NOW));
}
