//! The check of a workflow's document.

mod words;

use std::collections::HashSet;

use campanile_base::bounds::{LONGEST_WAIT, WORKFLOW_STEPS};
use serde::Serialize;
use serde_json::Value;

use super::definition::{Definition, Duration, Kind, Step};
use super::schema::Schema;
use crate::ChannelType;
use crate::calendar;
use crate::conditions::Group;
use crate::text::Text;
use crate::waits;

/// The most levels of branches in branches, and the most branches of one branch step.
const DEPTH: usize = 5;
const WAYS: usize = 10;

/// A fault of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The field, or the reference of the step.
    pub field: String,
    /// The fault, as a sentence.
    pub message: String,
}

fn fault(field: impl Into<String>, message: impl Into<String>) -> Fault {
    Fault { field: field.into(), message: message.into() }
}

/// All faults of a document, as far as it can be read.
pub fn check(document: &Value) -> Vec<Fault> {
    let unserved = unserved(document.get("steps"));
    if !unserved.is_empty() {
        return unserved;
    }
    let definition = match serde_json::from_value::<Definition>(document.clone()) {
        Ok(definition) => definition,
        Err(error) => {
            let of_steps = unreadable(document.get("steps"));
            return if of_steps.is_empty() { vec![fault("workflow", error.to_string())] } else { of_steps };
        }
    };
    let mut faults = words::unknown(document, &definition);
    if let Some(schema) = &definition.trigger_data_json_schema
        && let Err(why) = Schema::check(schema)
    {
        faults.push(fault("trigger_data_json_schema", why));
    }
    if let Some(conditions) = &definition.conditions
        && let Err(why) = conditions.check()
    {
        faults.push(fault("conditions", why));
    }
    let mut known = HashSet::new();
    check_steps(&definition.steps, 0, &mut known, &mut faults);
    if known.len() > WORKFLOW_STEPS {
        faults.push(fault("steps", format!("must not be more than {WORKFLOW_STEPS}")));
    }
    faults
}

/// The faults of steps that cannot be read. Within branches, only the innermost step is reported.
fn unreadable(steps: Option<&Value>) -> Vec<Fault> {
    let steps = steps.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut faults = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let Err(error) = serde_json::from_value::<Step>(step.clone()) else { continue };
        let ways = ["branches", "cohort_branches"].into_iter().filter_map(|ways| step[ways].as_array()).flatten();
        let within: Vec<Fault> = ways.flat_map(|way| unreadable(way.get("steps"))).collect();
        match step["ref"].as_str() {
            _ if !within.is_empty() => faults.extend(within),
            Some(name) => faults.push(fault(name, error.to_string())),
            None => faults.push(fault(format!("steps.{number}"), error.to_string())),
        }
    }
    faults
}

/// The faults of steps that other servers know, but not this one.
fn unserved(steps: Option<&Value>) -> Vec<Fault> {
    let steps = steps.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut faults = Vec::new();
    for step in steps {
        let reference = step["ref"].as_str().unwrap_or("a step");
        if let Some(kind @ "ai_agent") = step["type"].as_str() {
            faults.push(fault(reference, format!("this server has no steps of the type {kind}")));
        }
        for ways in ["branches", "cohort_branches"] {
            let ways = step[ways].as_array().map(Vec::as_slice).unwrap_or_default();
            faults.extend(ways.iter().flat_map(|way| unserved(way.get("steps"))));
        }
    }
    faults
}

fn check_steps(steps: &[Step], depth: usize, known: &mut HashSet<String>, faults: &mut Vec<Fault>) {
    for step in steps {
        let name = step.reference.as_str();
        if name.is_empty() || !known.insert(name.to_owned()) {
            faults.push(fault(name, "every step needs a ref of its own"));
        }
        check_step(step, depth, known, faults);
    }
}

/// Checks the names of headers that are a list, not a template.
fn check_headers(headers: &Value, wrong: &mut impl FnMut(&str)) {
    for name in headers.as_array().into_iter().flatten().filter_map(|pair| pair.get("key")?.as_str()) {
        if let Err(why) = campanile_net::check_header_name(name) {
            wrong(&format!("cannot have the header {name:?}: {why}"));
        }
    }
}

fn check_step(step: &Step, depth: usize, known: &mut HashSet<String>, faults: &mut Vec<Fault>) {
    let name = step.reference.as_str();
    let mut wrong = |message: &str| faults.push(fault(name, message));
    if let Some(Err(why)) = step.conditions.as_ref().map(Group::check) {
        wrong(&why);
    }
    if durations(&step.kind).into_iter().flatten().any(|wait| !wait.is_within(LONGEST_WAIT)) {
        wrong("a time to wait must not be longer than ten years");
    }
    let is_window = matches!(step.kind, Kind::Batch { .. } | Kind::Throttle { .. });
    let least = i64::from(is_window);
    if durations(&step.kind).into_iter().flatten().any(|wait| wait.seconds() < least) {
        wrong("a time to wait must not be less than nothing, and a window not be empty");
    }
    match &step.kind {
        Kind::Channel(send) => {
            if send.channel_key.is_none() && send.channel_group_key.is_none() && send.channel_type.is_none() {
                wrong("needs a channel_key");
            }
            if matches!(send.channel_type, None | Some(ChannelType::InAppGuide)) {
                wrong("needs a channel_type: email, in_app_feed, sms, push, chat or http");
            }
            for window in send.send_windows.iter().flatten() {
                if let Err(why) = calendar::check_window(window) {
                    wrong(&why);
                }
            }
            check_headers(send.template.get("headers").unwrap_or(&Value::Null), &mut wrong);
            if let Some(kind) = send.channel_type {
                faults.extend(words::of_template(step, kind, &send.template));
            }
            let texts = send.template.iter().filter_map(|(field, value)| Some((field, value.as_str()?)));
            for (field, text) in texts {
                if let Err(error) = Text::new(text).check() {
                    faults.push(fault(format!("{name}.template.{field}"), error.to_string()));
                }
            }
        }
        Kind::Delay { settings } => {
            let path = settings.delay_until_field_path.as_ref();
            if settings.delay_for.is_none() && settings.delay_until.is_none() && path.is_none() {
                wrong("needs delay_for, delay_until or delay_until_field_path");
            }
            if settings.delay_until.as_ref().is_some_and(|until| !calendar::is_end(until)) {
                wrong("delay_until must be a time, or a rule with a frequency");
            }
        }
        Kind::Batch { settings } => {
            let path = settings.batch_until_field_path.as_ref();
            if settings.batch_window.is_none() && settings.batch_until.is_none() && path.is_none() {
                wrong("needs batch_window, batch_until or batch_until_field_path");
            }
            if settings.batch_until.as_ref().is_some_and(|until| !calendar::is_end(until)) {
                wrong("batch_until must be a time, or a rule with a frequency");
            }
            if settings.batch_items_max_limit.is_some_and(|limit| !(2..=1_000).contains(&limit)) {
                wrong("batch_items_max_limit must be between 2 and 1000");
            }
            if settings.batch_items_render_limit.is_some_and(|limit| !(2..=100).contains(&limit)) {
                wrong("batch_items_render_limit must be between 2 and 100");
            }
        }
        Kind::Throttle { settings } => {
            if settings.throttle_window.is_none() && settings.throttle_window_field_path.is_none() {
                wrong("needs throttle_window or throttle_window_field_path");
            }
            if settings.throttle_limit.is_some_and(|limit| limit < 1) {
                wrong("throttle_limit must be at least 1");
            }
        }
        Kind::Branch { branches } => {
            if branches.is_empty() || branches.len() > WAYS || depth >= DEPTH {
                wrong("has no branches, more than ten, or lies too deep in others");
            }
            if let Some(why) = branches.iter().filter_map(|way| way.conditions.as_ref()?.check().err()).next() {
                wrong(&why);
            }
            branches.iter().for_each(|way| check_steps(&way.steps, depth + 1, known, faults));
        }
        Kind::RandomCohort { cohort_branches, .. } => {
            let percent = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse::<f64>().ok());
            if cohort_branches
                .iter()
                .filter_map(|way| percent(&way.percentage))
                .any(|one| !(0.0..=100.0).contains(&one))
            {
                wrong("each percentage must be between 0 and 100");
            }
            let total: f64 = cohort_branches.iter().filter_map(|way| percent(&way.percentage)).sum();
            if (total - 100.0).abs() > 0.01 || depth >= DEPTH {
                wrong("percentages must come to 100, and lie no more than five branches deep");
            }
            cohort_branches.iter().for_each(|way| check_steps(&way.steps, depth + 1, known, faults));
        }
        Kind::HttpFetch { settings } => {
            let method = settings.method.to_ascii_lowercase();
            if !["get", "post", "put", "patch", "delete", "head"].contains(&method.as_str()) {
                wrong("method must be get, post, put, patch, delete or head");
            }
            let is_written = ["http://", "https://"].iter().any(|scheme| settings.url.trim().starts_with(scheme));
            if !is_written && !settings.url.contains("{{") && !settings.url.contains("{%") {
                wrong("url must begin with http:// or https://");
            }
            check_headers(&settings.headers, &mut wrong);
            let texts = [Some(&settings.url), settings.body.as_ref(), settings.signing_key.as_ref()];
            for text in texts.into_iter().flatten() {
                if let Err(error) = Text::new(text).check() {
                    wrong(&error.to_string());
                }
            }
        }
        Kind::WaitForEvent { settings } => {
            if let Err(why) = waits::check(settings) {
                wrong(&why);
            }
        }
        Kind::TriggerWorkflow { settings } if settings.get("workflow_key").and_then(Value::as_str).is_none() => {
            wrong("needs a workflow_key");
        }
        _ => {}
    }
}

/// The durations in a step's settings.
fn durations(kind: &Kind) -> [Option<Duration>; 2] {
    match kind {
        Kind::Delay { settings } => [settings.delay_for, None],
        Kind::Batch { settings } => [settings.batch_window, settings.batch_window_extension_limit],
        Kind::Throttle { settings } => [settings.throttle_window, None],
        Kind::WaitForEvent { settings } => [settings.expires_after, None],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests;
