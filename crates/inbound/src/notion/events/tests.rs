//! The events that Notion's webhooks become.

use campanile_base::source_event::SourceEvent;

use super::*;
use crate::Provider;
use crate::deliveries::Origin;
use crate::identity_tests::delivery;
use crate::normalisation::page_body;

fn webhook(event: &str, minute: &str) -> Value {
    json!({
        "id": "d1", "type": event, "timestamp": format!("2026-11-01T10:{minute}:00.000Z"), "workspace_id": "w1",
        "authors": [{ "id": "u1", "type": "person" }], "entity": { "id": "p1", "type": "page" }, "data": {},
    })
}

fn fetched(event: &str, minute: &str) -> Value {
    let object = json!({ "object": "page", "id": "p1", "url": "https://www.notion.so/p1",
        "properties": { "Name": { "type": "title", "title": [{ "plain_text": "Roadmap" }] } } });
    json!({ "event": webhook(event, minute), "object": object, "author": { "id": "u1", "name": "Ann" },
        "comment": { "rich_text": [{ "plain_text": "Is this done?\nPlease look." }] } })
}

fn events(event: &str, minute: &str) -> Vec<SourceEvent> {
    let items = [(event.to_owned(), fetched(event, minute))];
    let body = page_body(&items);
    let of = Delivery {
        body,
        origin: Origin::Poll,
        ..delivery(Provider::Notion, "content:page.created", &[], &Value::Null)
    };
    match crate::normalise(&of).unwrap() {
        NormalForm::Events { events, .. } => events,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_webhook_names_what_is_fetched_and_then_told_with_its_content() {
    let sent = delivery(Provider::Notion, "page.created", &[], &webhook("page.created", "20"));
    assert!(matches!(crate::normalise(&sent).unwrap(), NormalForm::Reference));
    let told = events("page.created", "20").remove(0);
    assert_eq!((told.event_type.as_str(), told.title.as_str()), ("page.created", "[Page Created] Roadmap"));
    assert_eq!(told.source_id, "notion-page:p1:created");
    assert_eq!(told.actor.unwrap().name, "Ann");
    assert_eq!(told.metadata["url"], "https://www.notion.so/p1");
    let comment = events("comment.created", "20").remove(0);
    assert_eq!(comment.title, "[Comment] Roadmap: Is this done?");
    assert_eq!((comment.source_id.as_str(), comment.body.lines().count()), ("notion-comment:p1", 2));
}

#[test]
fn edits_of_a_page_are_one_event_an_hour_and_other_changes_are_told_by_the_minute() {
    let ids = |event: &str, minute: &str| events(event, minute).remove(0).source_id;
    assert_eq!(ids("page.content_updated", "05"), ids("page.content_updated", "55"));
    assert_ne!(ids("page.moved", "05"), ids("page.moved", "06"));
}

#[test]
fn what_changes_a_page_is_read_again_and_other_events_are_left_out() {
    let form = |event: &str| crate::normalise(&delivery(Provider::Notion, event, &[], &webhook(event, "20"))).unwrap();
    assert!(matches!(form("page.properties_updated"), NormalForm::Reference));
    assert!(matches!(form("view.updated"), NormalForm::Skipped(_)));
    let unknown = json!({ "items": [{ "event": "page.locked", "body": fetched("page.locked", "01") }] });
    let of = Delivery {
        body: unknown.to_string().into_bytes(),
        origin: Origin::Poll,
        ..delivery(Provider::Notion, "content:page.created", &[], &Value::Null)
    };
    assert!(matches!(crate::normalise(&of).unwrap(), NormalForm::Skipped(_)));
}
