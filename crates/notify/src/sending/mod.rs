//! Sending: turns a channel step into messages, and hands them to carriers.
//!
//! # Checks
//! A step may be stopped, in this order: there is no such channel, the channel's conditions do not
//! hold, the recipient's preferences say no, or the recipient has no address in the channel. The
//! reason is in the run's log. A closed send window does not stop a message: it goes out when the
//! window opens.
//!
//! # Rendering
//! The step's templates are rendered once for each address of the recipient. A mail has one
//! address, push has one for each device, chat one for each connection. If rendering fails, the
//! result is a failed message with the line and the reason.
//!
//! # Delivery
//! A feed item is delivered when it is stored. Every other message is handed to its channel's
//! [carrier](crate::channels) by a [job](deliver) of its own.

mod addresses;
mod deliver;
mod facts;
mod mail;
mod manual;
mod recent;

use std::sync::Arc;

use campanile_base::Result;
use campanile_documents::calendar;
use campanile_documents::template::{Variables, budget};
use campanile_engine::NewJob;
use serde_json::{Value, json};

use crate::Notify;
use crate::channels::{Channel, ChannelType};
use crate::messages::{Activities, EventKind, Message, Source, Status};
use crate::preferences::{self, Question};
use crate::runs::{Run, RunContext, zone_of};
use crate::tracking;
use crate::workflows::{ADDRESSES, Content, Send, Step};

pub(crate) use deliver::{job, register};
pub(crate) use mail::sole_address;
pub(crate) use manual::said_later;
pub use manual::{Trial, retry, test};
pub(crate) use recent::Recent;

/// Renders a step's messages and adds them to the run, where they may be sent.
pub(crate) async fn send(
    notify: &Notify,
    world: &RunContext,
    run: &mut Run,
    step: &Arc<Step>,
    send: &Send,
    content: &Content,
) -> Result<()> {
    let mut variables = world.variables(run);
    if run.program.says_addresses {
        say_addresses(notify, world, run, &mut variables);
    }
    let channels = channels_of(world, run, step, send, &variables);
    if channels.is_empty() {
        run.log.error(world.now, step, "step_skipped", "there is no such channel");
        return Ok(());
    }
    let texts = match world.texts(run, &variables) {
        Ok(texts) => texts,
        Err(error) => {
            run.log.error(world.now, step, "step_failed", &error.to_string());
            return Ok(());
        }
    };
    if send.send_windows.as_ref().is_some_and(|windows| !windows.is_empty()) {
        zone_of(world, run, step);
    }
    let mut ids = Vec::new();
    for channel in &channels {
        if let Err(why) = may_send(world, run, channel, &variables) {
            run.log.step(world.now, step, "step_skipped", why);
            continue;
        }
        let addresses = match addresses::of(notify, world, run, channel, (send, content), &texts).await? {
            Ok(addresses) => addresses,
            Err(why) => {
                run.log.step(world.now, step, "step_skipped", json!({ "reason": why, "channel": channel.key }));
                continue;
            }
        };
        for address in addresses {
            if let Some(bound) = budget::run_exceeded() {
                run.log.error(world.now, step, "step_failed", &bound.text());
                break;
            }
            let message = message(world, run, step, send, channel, content, &texts, address);
            let about = json!({ "message_id": message.id, "channel": channel.key });
            run.log.step(world.now, step, "message_enqueued", about);
            if message.status == Status::Queued {
                run.made.jobs.push(queued(world, &message));
            }
            ids.push(Value::String(message.id.clone()));
            run.made.messages.push(message);
        }
    }
    if !ids.is_empty() {
        run.state.refs.insert(step.reference.clone(), json!({ "message_ids": ids }));
    }
    Ok(())
}

/// The channels of a step: the one that it names, or those that its channel group chooses.
fn channels_of(world: &RunContext, run: &mut Run, step: &Step, send: &Send, variables: &Value) -> Vec<Channel> {
    let group = send.channel_group_key.as_deref().filter(|_| send.channel_key.is_none());
    let Some(group) = group.and_then(|key| world.shared.group(key)) else {
        let named = send.channel_key.as_deref().or(send.channel_group_key.as_deref());
        return world.channel(named, send.channel_type).cloned().into_iter().collect();
    };
    let (keys, log) = group.chosen(&world.scope(run, variables));
    let channels = keys.into_iter().filter_map(|key| world.channel(Some(key), None).cloned()).collect();
    run.log.step(world.now, step, "channels_chosen", json!({ "rules": log }));
    channels
}

/// Adds the addresses at which the recipient changes preferences or unsubscribes.
fn say_addresses(notify: &Notify, world: &RunContext, run: &Run, variables: &mut Value) {
    let (preferences, _) = tracking::preferences_address(notify, &world.organisation, &run.recipient);
    let unsubscribe = tracking::unsubscribe_address(notify, &world.organisation, &run.recipient);
    for (name, address) in ADDRESSES.into_iter().zip([preferences, unsubscribe]) {
        variables["vars"][name] = Value::String(address);
    }
}

/// Checks the channel's conditions and the recipient's preferences. The error is the entry for the
/// run's log.
fn may_send(world: &RunContext, run: &Run, channel: &Channel, variables: &Value) -> std::result::Result<(), Value> {
    let scope = world.scope(run, variables);
    if let Some(conditions) = &channel.settings.conditions {
        let (holds, log) = conditions.evaluate(&scope);
        if !holds {
            return Err(json!({ "reason": "the channel's conditions do not hold", "conditions": log }));
        }
    }
    let definition = &run.program.definition;
    let Some(set) = world.preferences(run).filter(|_| !definition.settings.override_preferences) else { return Ok(()) };
    let question = Question {
        workflow: &run.program.key,
        categories: &definition.categories,
        channel: [&channel.id, &channel.key],
        channel_type: channel.kind.as_str(),
    };
    let mut decision = preferences::decide(set, &question, &scope);
    if decision.is_allowed && definition.settings.is_commercial {
        decision = preferences::wants_commercial(set, &scope);
    }
    match decision.is_allowed {
        true => Ok(()),
        false => Err(json!({ "reason": "the recipient's preferences say no", "decision": decision })),
    }
}

#[allow(clippy::too_many_arguments, reason = "all of it is what a message is made of")]
fn message(
    world: &RunContext,
    run: &Run,
    step: &Step,
    send: &Send,
    channel: &Channel,
    content: &Content,
    texts: &Variables,
    address: addresses::Address,
) -> Message {
    let (state, now) = (&run.state, world.now);
    let rendered = content.render(texts, &world.shared.layouts);
    let is_sandbox = (channel.is_sandbox || state.is_sandbox) && channel.kind != ChannelType::InAppFeed;
    let scheduled_at = windowed(world, run, send);
    let status = match (&rendered, channel.kind) {
        (Err(_), _) | (Ok(_), ChannelType::InAppGuide) => Status::Undelivered,
        _ if is_sandbox => Status::NotSent,
        (Ok(_), ChannelType::InAppFeed) => Status::Delivered,
        (Ok(_), _) => Status::Queued,
    };
    let mut body = json!({});
    if let (Ok(Value::Object(rendered)), Value::Object(body)) = (&rendered, &mut body) {
        body.extend(rendered.clone());
        body.extend(address.content);
        if run.program.definition.settings.is_commercial {
            body.insert("is_commercial".to_owned(), Value::Bool(true));
        }
    }
    let source = Source {
        kind: "workflow".to_owned(),
        key: run.program.key.clone(),
        version_id: run.program.version.clone(),
        categories: run.program.definition.categories.clone(),
        step: Some(step.reference.clone()),
        workflow_run_id: Some(run.workflow_run_id.clone()),
        recipient_run_id: Some(run.id.clone()),
    };
    let mut message = Message {
        tenant: state.tenant.clone(),
        actors: match state.actors.is_empty() {
            true => state.actor.iter().cloned().collect(),
            false => state.actors.iter().rev().take(10).cloned().collect(),
        },
        data: state.data.clone(),
        activities: activities(run, channel),
        content: body,
        snapshot: address.snapshot,
        status,
        scheduled_at: scheduled_at.filter(|_| status == Status::Queued),
        ..Message::new(channel, run.recipient.clone(), source, now)
    };
    match (status, rendered) {
        (Status::Queued, _) => message.note(now, EventKind::Queued, None),
        (Status::Delivered, _) => message.note(now, EventKind::Delivered, None),
        (Status::NotSent, _) => message.note(now, EventKind::NotSent, None),
        (_, Err(error)) => {
            let why = json!({ "failure_reason": "fatal_error", "failure_details": error.to_string() });
            message.note(now, EventKind::Undelivered, Some(&why));
        }
        _ => {}
    }
    message
}

/// The activities of a feed item, if a batch has gathered them. Without a batch, the message's own
/// data are the only activity.
fn activities(run: &Run, channel: &Channel) -> Option<Activities> {
    let state = &run.state;
    (channel.kind == ChannelType::InAppFeed && !state.activities.is_empty()).then(|| Activities {
        items: state.activities.clone(),
        total: state.total_activities,
        total_actors: state.total_actors,
    })
}

/// The time at which the send window opens; `None` if the message may go out now.
fn windowed(world: &RunContext, run: &Run, send: &Send) -> Option<campanile_base::Timestamp> {
    let windows = send.send_windows.as_ref().filter(|windows| !windows.is_empty())?;
    let recipient = world.recipient(&run.recipient);
    let opens_at = calendar::opens_at(windows, recipient.text("timezone"), world.now);
    opens_at.filter(|at| *at > world.now)
}

fn queued(world: &RunContext, message: &Message) -> NewJob {
    let wait = message.scheduled_at.map_or(std::time::Duration::ZERO, |at| at.since(world.now));
    job(&world.organisation, &message.id).after(wait)
}
