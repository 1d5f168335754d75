use super::*;

/// 2026-09-21, a Monday, at noon.
fn now() -> Timestamp {
    Timestamp::parse("2026-09-21T12:00:00Z").unwrap()
}

/// The stretch as days, and the words that name it.
fn read(text: &str) -> Option<(String, String)> {
    let found = named_times(text, now()).into_iter().next()?;
    let day = |micros: i64| match micros {
        i64::MIN | i64::MAX => "…".to_owned(),
        micros => Timestamp::from_micros(micros).to_string()[..10].to_owned(),
    };
    Some((format!("{}–{}", day(found.from), day(found.until)), text[found.at].to_owned()))
}

#[test]
fn times_are_read_as_people_write_them() {
    for (text, stretch, named) in [
        ("what was deployed yesterday", "2026-09-20–2026-09-21", "yesterday"),
        ("errors of last week?", "2026-09-14–2026-09-21", "of last week"),
        ("errors this month", "2026-09-01–2026-10-01", "this month"),
        ("what broke on February 4", "2026-02-04–2026-02-05", "on February 4"),
        ("what broke on 4th of February 2025, and why", "2025-02-04–2025-02-05", "on 4th of February 2025"),
        ("releases in October", "2025-10-01–2025-11-01", "in October"),
        ("releases in Q3 2025", "2025-07-01–2025-10-01", "in Q3 2025"),
        ("since Monday", "2026-09-14–…", "since Monday"),
        ("merged since 2026-09-01", "2026-09-01–…", "since 2026-09-01"),
        ("before 3 March 2026", "…–2026-03-03", "before 3 March 2026"),
        ("between 2026-01-05 and 2026-01-11", "2026-01-05–2026-01-12", "between 2026-01-05 and 2026-01-11"),
        ("between December 20 and January 3", "2025-12-20–2026-01-04", "between December 20 and January 3"),
        ("problems in the week of February 4", "2026-02-02–2026-02-09", "in the week of February 4"),
        ("in the last 3 days", "2026-09-18–…", "in the last 3 days"),
        ("pushed two weeks ago", "2026-09-07–2026-09-14", "two weeks ago"),
        ("what happened in 2025", "2025-01-01–2026-01-01", "in 2025"),
        ("between 3 and 7 October", "2025-10-03–2025-10-08", "between 3 and 7 October"),
        ("between 3rd and 7th of October", "2025-10-03–2025-10-08", "between 3rd and 7th of October"),
        ("between October 3 and 7", "2025-10-03–2025-10-08", "between October 3 and 7"),
        ("releases of 3-7 October", "2025-10-03–2025-10-08", "of 3-7 October"),
        ("Oct 3 – Oct 7", "2025-10-03–2025-10-08", "Oct 3 – Oct 7"),
        ("between Wednesday and Monday", "2026-09-09–2026-09-15", "between Wednesday and Monday"),
        ("between 2026-03-07 and 2026-03-03", "2026-03-03–2026-03-08", "between 2026-03-07 and 2026-03-03"),
        ("last week's errors", "2026-09-14–2026-09-21", "last week's"),
        ("yesterday’s deploys", "2026-09-20–2026-09-21", "yesterday’s"),
        ("since 2026-09-04T10:00:00Z", "2026-09-04–…", "since 2026-09-04T10:00:00Z"),
        ("in the last hour", "2026-09-21–…", "in the last hour"),
        ("merged in may", "2026-05-01–2026-06-01", "in may"),
        ("until Friday", "…–2026-09-19", "until Friday"),
        ("from March on", "2026-03-01–…", "from March"),
        ("what shipped in Q4", "2025-10-01–2026-01-01", "in Q4"),
        ("what shipped in q3 for billing", "2026-07-01–2026-10-01", "in q3"),
        ("since Q2", "2026-04-01–…", "since Q2"),
        ("Q3 2025 releases", "2025-07-01–2025-10-01", "Q3 2025"),
        ("releases of 2025 Q3", "2025-07-01–2025-10-01", "of 2025 Q3"),
        ("between Q1 and Q2", "2026-01-01–2026-07-01", "between Q1 and Q2"),
        ("pushed a week ago", "2026-09-14–2026-09-21", "a week ago"),
        ("deployed a quarter ago", "2026-04-01–2026-07-01", "a quarter ago"),
        ("on the 3rd of may", "2026-05-03–2026-05-04", "3rd of may"),
        ("merged on 3 may", "2026-05-03–2026-05-04", "on 3 may"),
        ("merged 3 may 2025", "2025-05-03–2025-05-04", "3 may 2025"),
        ("what broke the day before yesterday?", "2026-09-19–2026-09-20", "day before yesterday"),
        ("in the first week of February", "2026-02-01–2026-02-08", "first week of February"),
        ("the last week of February", "2026-02-22–2026-03-01", "last week of February"),
        ("the third week of August 2025", "2025-08-15–2025-08-22", "third week of August 2025"),
        ("done by February 5", "…–2026-02-06", "by February 5"),
        ("done by yesterday", "…–2026-09-21", "by yesterday"),
        ("incidents in the last year", "2025-09-21–…", "in the last year"),
        ("within the past month", "2026-08-21–…", "within the past month"),
        ("over the last week", "2026-09-14–…", "over the last week"),
        ("during last week", "2026-09-14–2026-09-21", "during last week"),
    ] {
        assert_eq!(read(text), Some((stretch.into(), named.into())), "{text}");
    }
}

#[test]
fn what_is_no_time_is_left_alone() {
    for text in [
        "",
        "may we merge it",
        "a march of events",
        "last one wins",
        "the past is gone",
        "version 2026 of the api",
        "retry by hand",
        "at 5",
        "between the lines",
        "from main to release",
        "fails on february 31",
        "in 12 steps",
        "since the merge",
        "9999999999 days ago",
        "mon repos",
        "a timeout of 2000 ms",
        "a limit of 2000 characters",
        "over 2000 requests",
        "in 2000 requests",
        "we may 3 times retry",
        "march 4 fixes",
        "merged by April",
        "not last week",
        "errors -yesterday",
        "all but last week",
        "– – –",
        "2026-13-45",
        "Q4 release",
        "the q4_k_m model",
        "in Q5",
        "step 3 may fail",
        "case 4 may be fixed",
        "#3 May crash",
        "$3 May refund",
        "30% March drop",
        "v3 march",
        "ENG-2026",
        "ABC-2026-04",
        "release 2026.09.21",
        "v2026-09",
        "an hour of work",
        "half an hour of work",
        "3 hours later",
        "0 hours ago",
        "a year",
        "in 24 hours",
        "the first week of work",
        "a day before the release",
        "done by May",
        "9999999999 hours ago",
    ] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn any_text_is_read_without_a_panic() {
    for text in
        ["in the week of", "between 3 and", "last 9999 years", "İn Ｍay ２０２６", "5 years ago - 5", "q0 2026 q5 2026"]
    {
        let _ = named_times(text, now());
        let _ = named_times(text, Timestamp::from_micros(i64::MIN));
    }
}

/// The stretch in minutes from now, and the words that name it.
fn minutes(text: &str) -> Option<(Option<i64>, Option<i64>, String)> {
    let found = named_times(text, now()).into_iter().next()?;
    let bound = |micros: i64| match micros {
        i64::MIN | i64::MAX => None,
        micros => Some((micros - now().as_micros()) / 60_000_000),
    };
    Some((bound(found.from), bound(found.until), text[found.at].to_owned()))
}

#[test]
fn hours_ago_are_about_that_long_ago() {
    for (text, from, until, named) in [
        ("what broke an hour ago", Some(-90), Some(-30), "an hour ago"),
        ("what broke half an hour ago?", Some(-45), Some(-15), "half an hour ago"),
        ("deployed 20 minutes ago", Some(-30), Some(-10), "20 minutes ago"),
        ("about two hours ago", Some(-180), Some(-60), "two hours ago"),
        ("over an hour ago", Some(-90), Some(-30), "over an hour ago"),
        ("since an hour ago", Some(-60), None, "since an hour ago"),
        ("before half an hour ago", None, Some(-30), "before half an hour ago"),
        ("in the last half hour", Some(-30), None, "in the last half hour"),
        ("in the past half an hour", Some(-30), None, "in the past half an hour"),
    ] {
        assert_eq!(minutes(text), Some((from, until, named.to_owned())), "{text}");
    }
}

#[test]
fn times_are_named_in_their_order_and_share_no_word() {
    let names = |text: &str| -> Vec<String> {
        named_times(text, now()).into_iter().map(|time| text[time.at].to_owned()).collect()
    };
    assert_eq!(names("errors yesterday that were there last week"), ["yesterday", "last week"]);
    assert_eq!(names("in Q3 2025 or in Q4"), ["in Q3 2025", "in Q4"]);
    assert_eq!(names("between 3 and 7 October"), ["between 3 and 7 October"]);
    assert_eq!(names("not last week, but yesterday"), [] as [&str; 0]);
    assert_eq!(names("nothing"), [] as [&str; 0]);
}
