//! Webhooks: a request as the step's templates have it, signed where the channel has a key.

use std::time::Duration;

use campanile_net::stamped;
use serde_json::Value;

use super::provider::{Call, Parcel};
use super::{Said, Verdict};
use crate::messages::Status;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(50);
/// How it may be asked.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Answers that no repetition changes.
const FINAL: [u16; 4] = [401, 403, 404, 405];

/// Sends the request.
pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    let (notify, content) = (parcel.notify, &parcel.message.content);
    let word = |name: &str| parcel.word(name).unwrap_or_default();
    let Some(method) = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word("method"))) else {
        return Said::never(format!("{:?} is no method", word("method")));
    };
    let body = word("body");
    let mut headers: Vec<(String, String)> = texts(content.get("headers"));
    if let Err(why) = Call::check_headers(&headers) {
        return Said::never(why);
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if let Some(key) = parcel.channel.setting("signing_key") {
        headers
            .push(("x-webhook-signature".to_owned(), stamped(key, notify.clock.now().as_seconds(), body.as_bytes())));
    }
    let url = address(word("url"), content);
    let body = body.as_bytes().to_vec();
    let call = Call { service: "http", method, url, headers, body, patience: PATIENCE, is_http2: false };
    let reply = match call.ask(notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    let why = format!("the answer was {}", reply.status);
    let verdict = match reply.status {
        200..300 => Verdict::Taken { status: Status::Delivered, metadata: None, data: None },
        status if FINAL.contains(&status) => Verdict::Never { why },
        _ => Verdict::Later { why, after: reply.retry_after },
    };
    Said { verdict, log: vec![reply.log] }
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
