use campanile_base::Timestamp;

use super::history::stretches;
use super::{StateEntity, StateRow};

fn row(name: &str, state: &str, at: i64, value: Option<&str>) -> StateRow {
    StateRow {
        entity: StateEntity { entity_type: "issue".into(), id: name.to_lowercase(), provider: "linear".into() },
        name: name.into(),
        state: state.into(),
        value: value.map(Into::into),
        valid_from: Timestamp::from_seconds(at),
        changed_by: None,
        observation_id: format!("obs_{at}"),
    }
}

fn told(rows: Vec<StateRow>) -> Vec<(String, Option<String>, i64, Option<i64>)> {
    let seconds = |time: Timestamp| time.as_micros() / 1_000_000;
    let views = stretches(rows).into_iter();
    views.map(|view| (view.state, view.value, seconds(view.valid_from), view.valid_to.map(seconds))).collect()
}

#[test]
fn events_in_any_order_give_the_same_history() {
    let rows = [
        row("A-1", "status", 1, Some("Todo")),
        row("A-1", "status", 5, Some("Doing")),
        row("A-1", "status", 9, Some("Done")),
    ];
    let expected = [("Done", 9, None), ("Doing", 5, Some(9)), ("Todo", 1, Some(5))]
        .map(|(value, from, to)| ("status".to_owned(), Some(value.to_owned()), from, to));
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2], [2, 0, 1], [0, 2, 1]] {
        assert_eq!(told(order.map(|at| rows[at].clone()).to_vec()), expected);
    }
}

#[test]
fn a_value_that_is_told_again_is_no_change() {
    let rows = vec![
        row("A-1", "status", 1, Some("Todo")),
        row("A-1", "status", 3, Some("Todo")),
        row("A-1", "assignee", 1, None),
        row("A-1", "assignee", 3, Some("ada")),
    ];
    let views = stretches(rows);
    assert_eq!(views.len(), 3);
    assert_eq!((views[0].valid_from, views[0].previous.clone()), (Timestamp::from_seconds(1), None));
    assert_eq!((views[1].value.as_deref(), views[1].previous.clone(), views[1].is_current), (Some("ada"), None, true));
    assert_eq!((views[2].value.clone(), views[2].valid_to), (None, Some(Timestamp::from_seconds(3))));
}

#[test]
fn things_and_providers_are_apart_and_the_status_comes_first() {
    let mut other = row("A-1", "status", 2, Some("resolved"));
    other.entity.provider = "sentry".into();
    let rows = vec![row("A-1", "priority", 1, Some("High")), row("A-1", "status", 1, Some("Todo")), other];
    let told: Vec<(String, String, bool)> =
        stretches(rows).into_iter().map(|view| (view.entity.provider, view.state, view.is_current)).collect();
    let expected = [("linear", "status"), ("linear", "priority"), ("sentry", "status")];
    assert_eq!(told, expected.map(|(provider, state)| (provider.to_owned(), state.to_owned(), true)));
}
