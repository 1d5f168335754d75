use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn serving(id: &str, swapped_at: i64, building: Option<(&str, i64)>) -> Serving {
    let building = building.map(|(id, since)| (id.to_owned(), at(since)));
    Serving { id: id.to_owned(), swapped_at: at(swapped_at), building, previous: None }
}

fn course_of(serving: &Serving, target: &str, started: i64) -> Course {
    course(Some(serving), target, true, at(started))
}

#[test]
fn a_model_that_is_set_anew_builds_beside_the_one_that_serves() {
    assert_eq!(course(None, "new", false, at(0)), Course::Own);
    assert_eq!(course_of(&serving("old", 0, None), "new", 10), Course::Build);
    assert_eq!(course_of(&serving("old", 0, Some(("new", 10))), "new", 5), Course::Build);
    assert_eq!(course_of(&serving("new", 20, None), "new", 10), Course::Own);
    assert_eq!(course(Some(&serving("old", 0, None)), "new", false, at(10)), Course::Replace);
}

#[test]
fn the_node_that_started_last_decides() {
    let swapped = serving("new", 20, None);
    assert_eq!(course_of(&swapped, "old", 10), Course::Yield, "it started before the swap");
    assert_eq!(course_of(&swapped, "old", 30), Course::Build, "somebody has set it back");
    let building = serving("old", 0, Some(("new", 20)));
    assert_eq!(course_of(&building, "old", 10), Course::Own);
    assert_eq!(course_of(&building, "old", 30), Course::Stay);
    assert_eq!(course_of(&building, "third", 10), Course::Yield);
    assert_eq!(course_of(&building, "third", 30), Course::Build);
}
