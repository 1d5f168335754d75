//! Webhooks: a request as the step's templates have it, signed where the channel has a key.

use campanile_net::{Request, parse_url, stamped};
use serde_json::{Map, Value, json};

use std::time::Duration;

use super::{Channel, Said};
use crate::Notify;
use crate::messages::{Message, Status};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(50);
/// How much of its answer is kept.
const KEPT: usize = 16 * 1024;
/// How it may be asked.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Answers that no repetition changes.
const FINAL: [u16; 4] = [401, 403, 404, 405];

/// Sends the request.
pub(super) async fn carry(notify: &Notify, channel: &Channel, message: &Message) -> Said {
    let word = |name: &str| message.content.get(name).and_then(Value::as_str).unwrap_or_default();
    let Some(method) = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word("method"))) else {
        return Said::Never(format!("{:?} is no method", word("method")), None);
    };
    let body = word("body");
    let url = match parse_url(&address(word("url"), &message.content)) {
        Ok(url) => url,
        Err(error) => return Said::Never(error.to_string(), None),
    };
    let mut headers: Vec<(String, String)> = texts(message.content.get("headers"));
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if let Some(key) = channel.setting("signing_key") {
        headers
            .push(("x-webhook-signature".to_owned(), stamped(key, notify.clock.now().as_seconds(), body.as_bytes())));
    }
    let shown: Map<String, Value> = headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let request = json!({
        "method": method, "host": url.host_str(), "path": url.path(), "query": url.query(), "headers": shown, "body": body,
    });
    let log = |response: Value| Some(json!({ "service": "http", "request": request, "response": response }));
    let sent = Request {
        method,
        url: url.to_string(),
        headers,
        body: body.as_bytes().to_vec().into(),
        timeout: PATIENCE,
        keep: KEPT,
        tls: None,
    };
    match notify.client.send(sent).await {
        Ok(answer) => {
            let said = json!({ "status": answer.status, "body": String::from_utf8_lossy(&answer.body) });
            match answer.status {
                200..300 => Said::Taken { status: Status::Delivered, metadata: None, log: log(said) },
                status if FINAL.contains(&status) => Said::Never(format!("the answer was {status}"), log(said)),
                status => Said::Later(format!("the answer was {status}"), log(said)),
            }
        }
        Err(error) => Said::Later(error.to_string(), log(json!({ "body": error.to_string() }))),
    }
}

fn texts(map: Option<&Value>) -> Vec<(String, String)> {
    let map = map.and_then(Value::as_object).into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// The address with its query parameters.
fn address(url: &str, content: &Value) -> String {
    let query = texts(content.get("query"));
    if query.is_empty() {
        return url.to_owned();
    }
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{url}{}{pairs}", if url.contains('?') { '&' } else { '?' })
}
