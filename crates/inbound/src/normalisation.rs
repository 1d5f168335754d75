//! The way from a stored delivery to its normal form.
//!
//! A webhook is one event. A page that was fetched has many: the body is
//! `{"items": [{"event", "body"}, …]}`, each item in the shape of a webhook. So the adapters of webhooks
//! read them, and an event has one identity, however it is told. An item that cannot be read is left
//! out: [`unreadable`] finds it when the page is fetched, and the progress tells it.

use std::time::Duration;

use campanile_base::Result;
use campanile_base::source_event::{HISTORY, ORIGIN, SourceEvent};
use serde_json::{Value, json};

use crate::NormalForm;
use crate::adapters::normalise_event;
use crate::deliveries::{Delivery, Origin};
use crate::payload::Read;

/// The time that a webhook or a poll has to tell an event. A reconcile leaves later ones to them.
const LATENESS: Duration = Duration::from_secs(15 * 60);

/// Converts a stored delivery into normal form. Pure: the same delivery always gives the same
/// result.
///
/// # Errors
/// `Invalid` when a required field is missing.
pub fn normalise(delivery: &Delivery) -> Result<NormalForm> {
    let payload = delivery.payload()?;
    let form = match delivery.origin.is_pulled() {
        true => normalise_page(&payload, delivery),
        false => normalise_event(&delivery.event, &payload, delivery),
    };
    form.map(NormalForm::made_harmless)
}

/// The body of a page.
pub(crate) fn page_body(items: &[(String, Value)]) -> Vec<u8> {
    let items: Vec<Value> = items.iter().map(|(event, body)| json!({ "event": event, "body": body })).collect();
    json!({ "items": items }).to_string().into_bytes()
}

fn forms<'p>(page: &'p Value, delivery: &'p Delivery) -> impl Iterator<Item = Result<NormalForm>> + 'p {
    page.list("items").iter().map(|item| {
        let nothing = Value::Null;
        normalise_event(item.needed("event")?, item.at("body").unwrap_or(&nothing), delivery)
    })
}

/// The events of all items. A page changes no repositories: they are known from the list of resources.
fn normalise_page(page: &Value, delivery: &Delivery) -> Result<NormalForm> {
    let mut all: Vec<SourceEvent> = Vec::new();
    for form in forms(page, delivery).flatten() {
        if let NormalForm::Events { events, .. } = form {
            all.extend(events);
        }
    }
    if delivery.origin == Origin::Reconcile {
        let until = delivery.received_at.minus(LATENESS);
        all.retain(|event| event.occurred_at <= until);
    }
    if all.is_empty() {
        return Ok(NormalForm::Skipped("nothing on the page is remembered".to_owned()));
    }
    if delivery.origin.is_history() {
        for event in &mut all {
            event.metadata.insert(ORIGIN.to_owned(), json!(HISTORY));
        }
    }
    Ok(NormalForm::Events { events: all, changes: Vec::new(), push: None })
}

/// The number of events that a page tells, and the reasons why some of its items cannot be read.
pub(crate) fn unreadable(page: &Value, delivery: &Delivery) -> (usize, Vec<String>) {
    let (mut events, mut reasons) = (0, Vec::new());
    for form in forms(page, delivery) {
        match form {
            Ok(NormalForm::Events { events: told, .. }) => events += told.len(),
            Ok(NormalForm::Reference | NormalForm::Skipped(_)) => {}
            Err(error) => reasons.push(error.to_string()),
        }
    }
    (events, reasons)
}

#[cfg(test)]
mod tests {
    use campanile_base::Timestamp;

    use super::*;
    use crate::Provider;
    use crate::identity_tests::delivery;

    fn page(items: &[(String, Value)], origin: Origin) -> Delivery {
        Delivery { body: page_body(items), origin, ..delivery(Provider::Linear, "pull:issue", &[], &Value::Null) }
    }

    fn issue(id: &str, fields: Value) -> (String, Value) {
        let mut data =
            json!({ "id": id, "identifier": "ENG-1", "title": "It breaks", "updatedAt": "2026-11-01T10:00:00Z" });
        data.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        ("Issue:create".to_owned(), json!({ "type": "Issue", "action": "create", "data": data }))
    }

    #[test]
    fn a_page_tells_each_item_as_its_webhook_does_and_leaves_out_what_cannot_be_read() {
        let items = [issue("a", json!({})), issue("b", json!({ "title": null })), issue("c", json!({}))];
        let delivery = page(&items, Origin::Backfill);
        let NormalForm::Events { events, .. } = crate::normalise(&delivery).unwrap() else { panic!("it has events") };
        let ids: Vec<&str> = events.iter().map(|event| event.source_id.as_str()).collect();
        assert_eq!(ids, ["linear-issue:a:created", "linear-issue:c:created"]);
        assert!(events.iter().all(|event| event.metadata[ORIGIN] == HISTORY));
        let (told, reasons) = unreadable(&delivery.payload().unwrap(), &delivery);
        assert_eq!((told, reasons.len()), (2, 1), "{reasons:?}");

        let webhook = Delivery {
            body: items[0].1.to_string().into_bytes(),
            event: items[0].0.clone(),
            ..page(&[], Origin::Webhook)
        };
        let NormalForm::Events { events: sent, .. } = crate::normalise(&webhook).unwrap() else { panic!("it has one") };
        assert_eq!((&sent[0].source_id, &sent[0].title), (&events[0].source_id, &events[0].title));
        assert!(!sent[0].metadata.contains_key(ORIGIN));
    }

    #[test]
    fn a_reconcile_leaves_what_has_just_happened_to_those_who_ring() {
        let items = [issue("a", json!({})), issue("b", json!({ "updatedAt": "2026-11-01T10:30:00Z" }))];
        let received_at = Timestamp::parse("2026-11-01T10:40:00Z").unwrap();
        let delivery = Delivery { received_at, ..page(&items, Origin::Reconcile) };
        let NormalForm::Events { events, .. } = crate::normalise(&delivery).unwrap() else { panic!("it has one") };
        let ids: Vec<&str> = events.iter().map(|event| event.source_id.as_str()).collect();
        assert_eq!(ids, ["linear-issue:a:created"]);
        assert_eq!(events[0].metadata[ORIGIN], HISTORY, "it rings nobody, and neither does its cluster");
    }

    #[test]
    fn a_page_with_nothing_to_remember_is_skipped() {
        let delivery = page(&[("Reaction:create".to_owned(), json!({}))], Origin::Backfill);
        assert!(matches!(crate::normalise(&delivery).unwrap(), NormalForm::Skipped(_)));
    }

    #[test]
    fn what_a_provider_sends_is_never_taken_for_a_page() {
        let sent = Delivery { event: "pull:issue".to_owned(), ..page(&[issue("a", json!({}))], Origin::Webhook) };
        assert!(matches!(crate::normalise(&sent).unwrap(), NormalForm::Skipped(_)));
    }
}
