use super::*;

const DAY: i64 = 86_400;

fn counted(topics: &[String], at: i64) -> Counted<'_> {
    Counted { provider: "github", event_type: "push", topics, occurred_at: Timestamp::from_seconds(at) }
}

#[test]
fn what_is_added_and_taken_away_again_leaves_nothing() {
    let topics = ["billing".to_owned(), "fix".to_owned()];
    let mut counts = Counts::default();
    counts.add(&counted(&topics, 1_780_000_000));
    let one = counts.clone();
    counts.add(&counted(&topics[..1], 1_780_090_000));
    assert_eq!(counts.topics.get("billing"), Some(&2));
    counts.take_away(&counted(&topics[..1], 1_780_090_000));
    assert_eq!(counts, one);
    counts.take_away(&counted(&topics, 1_780_000_000));
    assert!(counts.topics.is_empty() && counts.sources.is_empty() && counts.days.is_empty());
    assert_eq!(counts.hours.iter().sum::<i64>(), 0);
}

#[test]
fn hours_are_counted_from_monday_midnight_in_utc() {
    let mut counts = Counts::default();
    // The first of January 1970 was a Thursday; the fifth a Monday.
    counts.add(&counted(&[], 0));
    counts.add(&counted(&[], 4 * DAY + 3_600));
    counts.add(&counted(&[], -1));
    let at: Vec<usize> = (0..HOURS).filter(|hour| counts.hours[*hour] > 0).collect();
    assert_eq!(at, [1, 2 * 24 + 23, 3 * 24]);
    assert_eq!(counts.days.keys().copied().collect::<Vec<_>>(), [-1, 0, 4]);
}

#[test]
fn names_and_days_are_bounded_and_the_frequent_stay() {
    let mut counts = Counts::default();
    let often = ["often".to_owned()];
    for n in 0..300 {
        counts.add(&counted(&often, n * DAY));
        counts.add(&counted(&[format!("topic {n}")], n * DAY));
    }
    assert_eq!(counts.topics.get("often"), Some(&300));
    assert_eq!((counts.topics.len(), counts.days.len()), (100, 90));
    assert_eq!(counts.days.keys().next(), Some(&210));
}

#[test]
fn profiles_of_one_person_are_added_up() {
    let topics = ["fix".to_owned()];
    let (mut one, mut other) = (Counts::default(), Counts::default());
    one.add(&counted(&topics, 0));
    other.add(&counted(&topics, 0));
    other.add(&counted(&[], DAY));
    one.join(other);
    assert_eq!((one.topics["fix"], one.sources["github"], one.hours[3 * 24], one.days[&1]), (2, 3, 2, 1));
}
