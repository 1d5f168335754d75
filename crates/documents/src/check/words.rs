//! Finds unknown keys: a misspelt key is reported as a fault, and not ignored.
//!
//! A document is read into a [`Definition`], which is then written as JSON again. A key that is
//! missing there was not understood. Templates are kept as they are, so their fields are listed
//! here.

use serde_json::{Map, Value};

use super::{Fault, fault};
use crate::ChannelType;
use crate::definition::{Definition, Step};

/// Keys that the API adds to documents in its answers.
const GIVEN_OUT: [&str; 9] =
    ["$schema", "key", "environment", "sha", "valid", "goal_attachment", "created_at", "updated_at", "deleted_at"];

/// The faults of all keys that are not part of a definition.
pub(super) fn unknown(document: &Value, definition: &Definition) -> Vec<Fault> {
    let Ok(understood) = serde_json::to_value(definition) else { return Vec::new() };
    let mut faults = Vec::new();
    compare("workflow", document, &understood, &GIVEN_OUT, &mut faults);
    compare("workflow.settings", &document["settings"], &understood["settings"], &[], &mut faults);
    steps(document.get("steps"), understood.get("steps"), &mut faults);
    faults
}

fn steps(written: Option<&Value>, understood: Option<&Value>, faults: &mut Vec<Fault>) {
    let all = |steps: Option<&Value>| steps.and_then(Value::as_array).cloned().unwrap_or_default();
    for (written, understood) in all(written).iter().zip(&all(understood)) {
        let name = written["ref"].as_str().unwrap_or("a step");
        compare(name, written, understood, &["settings", "branches", "cohort_branches"], faults);
        compare(&format!("{name}.settings"), &written["settings"], &understood["settings"], &[], faults);
        for ways in ["branches", "cohort_branches"] {
            let of_both = (all(written.get(ways)), all(understood.get(ways)));
            for (number, (written, understood)) in of_both.0.iter().zip(&of_both.1).enumerate() {
                compare(&format!("{name}.{ways}.{number}"), written, understood, &["steps"], faults);
                steps(written.get("steps"), understood.get("steps"), faults);
            }
        }
    }
}

/// Adds a fault for each key that only `written` has. Keys with an empty value are ignored.
fn compare(place: &str, written: &Value, understood: &Value, others: &[&str], faults: &mut Vec<Fault>) {
    let (Some(written), Value::Object(understood)) = (written.as_object(), understood) else { return };
    for (key, value) in written {
        if !(understood.contains_key(key) || others.contains(&key.as_str()) || says_nothing(value)) {
            faults.push(fault(format!("{place}.{key}"), "is no key that is known here"));
        }
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The fields of a channel's template, and the fields of which at least one must be set.
fn fields(kind: ChannelType) -> (&'static [&'static str], &'static [&'static str]) {
    match kind {
        ChannelType::Email => (
            &["subject", "html_body", "text_body", "visual_blocks", "is_mjml", "settings"],
            &["html_body", "text_body", "visual_blocks"],
        ),
        ChannelType::InAppFeed => (&["markdown_body", "action_url", "action_buttons"], &["markdown_body"]),
        ChannelType::Sms => (&["text_body", "settings"], &["text_body"]),
        ChannelType::Push => (&["title", "text_body", "settings"], &["title", "text_body", "settings"]),
        ChannelType::Chat => (&["markdown_body", "summary", "json_body"], &["markdown_body", "json_body"]),
        ChannelType::Http => (&["method", "url", "headers", "query_params", "body"], &["url"]),
        ChannelType::InAppGuide => (&[], &[]),
    }
}

/// The faults of a template's fields.
pub(super) fn of_template(step: &Step, kind: ChannelType, template: &Map<String, Value>) -> Vec<Fault> {
    let (known, needed) = fields(kind);
    let name = &step.reference;
    let mut faults: Vec<Fault> = template
        .iter()
        .filter(|(field, value)| !known.contains(&field.as_str()) && !says_nothing(value))
        .map(|(field, _)| {
            let why = format!("is no field of such a template; there are {}", known.join(", "));
            fault(format!("{name}.template.{field}"), why)
        })
        .collect();
    let says_something = |field: &&str| match template.get(*field) {
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(value) => !says_nothing(value),
        None => false,
    };
    if !needed.is_empty() && !needed.iter().any(says_something) {
        faults.push(fault(format!("{name}.template"), format!("needs {}", needed.join(" or "))));
    }
    if kind == ChannelType::Email && !says_something(&"subject") {
        faults.push(fault(format!("{name}.template"), "needs subject"));
    }
    faults.extend(blocks(name, template.get("visual_blocks")));
    faults.extend(buttons(&format!("{name}.template.action_buttons"), template.get("action_buttons")));
    faults
}

/// The faults of a visual template's blocks: unknown types and missing fields.
fn blocks(step: &str, blocks: Option<&Value>) -> Vec<Fault> {
    let blocks = blocks.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut faults = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        let place = format!("{step}.template.visual_blocks.{number}");
        let needed = match block["type"].as_str() {
            Some("markdown" | "html") => "content",
            Some("image") => "url",
            Some("button_set") => {
                faults.extend(buttons(&format!("{place}.buttons"), block.get("buttons")));
                "buttons"
            }
            Some("divider") => continue,
            _ => {
                faults.push(fault(place, "has no type of markdown, html, image, button_set or divider"));
                continue;
            }
        };
        if says_nothing(&block[needed]) || block[needed].as_str().is_some_and(|text| text.trim().is_empty()) {
            faults.push(fault(place, format!("needs {needed}")));
        }
    }
    faults
}

/// A fault if any button lacks its label or action.
fn buttons(place: &str, buttons: Option<&Value>) -> Vec<Fault> {
    let buttons = buttons.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lacks = |button: &&Value| !["label", "action"].iter().all(|name| button[*name].is_string());
    let wrong = buttons.iter().filter(lacks);
    wrong.map(|_| fault(place, "each button needs a label and an action")).take(1).collect()
}
