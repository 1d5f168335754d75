//! The step that sends an HTTP request to another system, and stores the answer in the run.
//!
//! A run stops at this step, and sends the request in a job of its own, so a slow system delays no
//! other run. 200, 201 and 204 are success. A failure that may pass (no answer, 5xx) is tried again
//! after 30 seconds, and then after 60. Everything else halts the run.

use std::time::Duration;

use campanile_documents::calendar::later;
use campanile_documents::template::{Template, TemplateError};
use serde_json::{Map, Value, json};

use super::state::Stop;
use super::{Run, RunContext};
use crate::Notify;
use crate::workflows::{Request, Step};
use campanile_channels::{Call, Reply};

/// The time limit for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// The waits between attempts, in seconds.
const WAITS: [i64; 2] = [30, 60];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Sends the request. `true` if the run goes on now. If not, `run.made.stop` says what follows.
pub(super) async fn fetch(
    notify: &Notify,
    world: &RunContext,
    run: &mut Run,
    step: &Step,
    request: &Request,
    call: Result<Call, String>,
) -> bool {
    let call = match call {
        Ok(call) => call,
        Err(why) => return halted(world, run, step, &why),
    };
    let (why, may_pass) = match call.ask(&notify.carriers).await {
        Ok(reply) if matches!(reply.status, 200 | 201 | 204) => return taken(world, run, step, request, reply),
        Ok(reply) => (format!("the answer was {}", reply.status), reply.status >= 500),
        Err(said) => (said.why(), said.is_later()),
    };
    let attempts = run.state.refs.get(&step.reference).and_then(|left| left["attempts"].as_u64()).unwrap_or(0);
    let wait = usize::try_from(attempts).ok().and_then(|index| WAITS.get(index)).filter(|_| may_pass);
    let Some(wait) = wait else { return halted(world, run, step, &why) };
    let until = later(world.now, *wait);
    run.log.error(world.now, step, "fetch_attempted", &why);
    run.state.refs.insert(step.reference.clone(), json!({ "attempts": attempts + 1 }));
    run.made.stop = Stop::Until(until);
    false
}

fn halted(world: &RunContext, run: &mut Run, step: &Step, why: &str) -> bool {
    run.log.error(world.now, step, "step_failed", why);
    run.log.run(world.now, "workflow_run_halted", json!({ "reason": why }));
    run.made.stop = Stop::End;
    false
}

/// Stores the answer in the run's data.
fn taken(world: &RunContext, run: &mut Run, step: &Step, request: &Request, reply: Reply) -> bool {
    run.state.refs.insert(step.reference.clone(), json!({ "status": reply.status }));
    let answer = match reply.body {
        // An empty answer is success, too.
        Value::String(text) if text.trim().is_empty() => Value::Object(Map::new()),
        other => other,
    };
    let path = request.response_path.as_deref().map(str::trim).filter(|path| !path.is_empty());
    match (path, answer) {
        (Some(path), answer) => put(&mut run.state.data, path.strip_prefix("data.").unwrap_or(path), answer),
        (None, Value::Object(answer)) => run.state.data.extend(answer),
        (None, _) => return halted(world, run, step, "the answer is no JSON object"),
    }
    run.log.step(world.now, step, "fetched", json!({ "status": reply.status }));
    true
}

/// Puts a value at a dotted path. A value on the way that is no object is replaced.
fn put(data: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(data.insert(path.to_owned(), value)),
        Some((first, rest)) => {
            let inner = data.entry(first).or_insert_with(|| json!({}));
            if !inner.is_object() {
                *inner = json!({});
            }
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Renders the request of a step.
///
/// # Errors
/// A sentence that says what is wrong with the request or its templates.
pub(super) fn call(notify: &Notify, world: &RunContext, run: &Run, request: &Request) -> Result<Call, String> {
    let told = |error: TemplateError| error.to_string();
    let variables = world.texts(run, &world.variables(run)).map_err(told)?;
    let rendered = |text: &str| Template::parse(text).and_then(|text| text.render_with(&variables)).map_err(told);
    let method = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(&request.method));
    let method = method.ok_or_else(|| format!("{:?} is no method", request.method))?;
    let pairs = |told: &Value| pairs(told, rendered);
    let mut url = rendered(&request.url)?.trim().to_owned();
    let query = pairs(&request.query_params)?;
    if !query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        url = format!("{url}{}{query}", if url.contains('?') { '&' } else { '?' });
    }
    let mut headers = pairs(&request.headers)?;
    Call::check_headers(&headers)?;
    let body = request.body.as_deref().map(rendered).transpose()?.unwrap_or_default();
    if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if let Some(key) = request.signing_key.as_deref().map(rendered).transpose()?.filter(|key| !key.is_empty()) {
        let stamp = notify.clock.now().as_seconds();
        headers.push(("x-knock-signature".to_owned(), campanile_net::stamped(&key, stamp, body.as_bytes())));
    }
    Ok(Call {
        service: "http_fetch",
        method,
        url,
        headers,
        body: body.into_bytes(),
        patience: PATIENCE,
        is_http2: false,
    })
}

/// Reads pairs from a list of `{key, value}`, or from a template that renders to an object.
fn pairs(told: &Value, rendered: impl Fn(&str) -> Result<String, String>) -> Result<Vec<(String, String)>, String> {
    match told {
        Value::Array(list) => list
            .iter()
            .map(|pair| {
                let word = |name: &str| pair[name].as_str().unwrap_or_default();
                Ok((word("key").to_owned(), rendered(word("value"))?))
            })
            .collect(),
        Value::String(text) if text.trim().is_empty() => Ok(Vec::new()),
        Value::String(text) => match serde_json::from_str(&rendered(text)?) {
            Ok(Value::Object(map)) => Ok(texts(map)),
            _ => Err("headers and query_params must render to JSON objects".to_owned()),
        },
        _ => Ok(Vec::new()),
    }
}

fn texts(map: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    map.into_iter().map(|(name, value)| (name, text(value))).collect()
}
