//! Derives the stretches of time in which states held. Pure.

use super::{StateRow, StateView};

/// The states of each thing and kind, the newest first. Events that tell a value once more are no change.
pub(crate) fn stretches(mut rows: Vec<StateRow>) -> Vec<StateView> {
    let order = |row: &StateRow| (row.valid_from, row.observation_id.clone());
    rows.sort_by(|a, b| (&a.entity, &a.state).cmp(&(&b.entity, &b.state)).then_with(|| order(a).cmp(&order(b))));
    let mut views: Vec<StateView> = Vec::new();
    for row in rows {
        let same_kind = |view: &StateView| view.entity == row.entity && view.state == row.state;
        let before = views.last_mut().filter(|view| same_kind(view));
        let previous = match before {
            Some(before) if before.value == row.value => {
                before.name = row.name;
                continue;
            }
            Some(before) => {
                before.valid_to = Some(row.valid_from);
                before.is_current = false;
                before.value.clone()
            }
            None => None,
        };
        views.push(StateView {
            entity: row.entity,
            name: row.name,
            state: row.state,
            value: row.value,
            previous,
            valid_from: row.valid_from,
            valid_to: None,
            is_current: true,
            changed_by: row.changed_by,
            observation_id: row.observation_id,
        });
    }
    // Reversed first: of two changes at the same moment the later one comes first.
    views.reverse();
    views.sort_by(|a, b| {
        (&a.entity, rank(&a.state)).cmp(&(&b.entity, rank(&b.state))).then_with(|| b.valid_from.cmp(&a.valid_from))
    });
    views
}

/// The place of a kind of state: the status is asked for most.
fn rank(state: &str) -> usize {
    let order = ["status", "health", "progress", "assignee", "priority"];
    order.iter().position(|known| *known == state).unwrap_or(order.len())
}
