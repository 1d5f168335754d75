//! The step that asks a system of others, and lets the rest of the run know what it answered.
//!
//! A run stops at it, and asks in a job of its own: whoever is slow keeps nobody else. 200, 201 and 204 are good; what may go away
//! (no answer, 5xx) is asked again after half a minute and after a minute; anything else halts the run.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::calendar::later;
use super::state::Stop;
use super::{Run, World};
use crate::Notify;
use crate::channels::provider::{Call, Reply};
use crate::template::{Template, TemplateError};
use crate::workflows::{Request, Step};

/// How long a system may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The waits between attempts, in seconds.
const WAITS: [i64; 2] = [30, 60];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Asks; whether the run goes on now. Where not, its stop says what becomes of it.
pub(super) async fn fetch(
    notify: &Notify,
    world: &World,
    run: &mut Run,
    step: &Step,
    request: &Request,
    call: Result<Call, String>,
) -> bool {
    let call = match call {
        Ok(call) => call,
        Err(why) => return halted(world, run, step, &why),
    };
    let (why, may_pass) = match call.ask(notify).await {
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

fn halted(world: &World, run: &mut Run, step: &Step, why: &str) -> bool {
    run.log.error(world.now, step, "step_failed", why);
    run.log.run(world.now, "workflow_run_halted", json!({ "reason": why }));
    run.made.stop = Stop::End;
    false
}

/// Lets the run know what was answered.
fn taken(world: &World, run: &mut Run, step: &Step, request: &Request, reply: Reply) -> bool {
    run.state.refs.insert(step.reference.clone(), json!({ "status": reply.status }));
    let answer = match reply.body {
        // Nothing was said, which is good, too.
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

/// Puts a value at a dotted path; what is in the way gives way.
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

/// The request that a step makes.
///
/// # Errors
/// What is wrong with its templates.
pub(super) fn call(notify: &Notify, world: &World, run: &Run, request: &Request) -> Result<Call, String> {
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

/// A list of `{key, value}`, or a template of an object.
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
