//! Webhooks: sends the request that the step's templates describe. It is signed if the channel has
//! a key.

use std::time::Duration;

use campanile_net::stamped;
use serde_json::Value;

use super::request::Call;
use super::{CarrierReply, Carriers, DeliveryState, Parcel, Verdict};

/// The time limit of a request.
const PATIENCE: Duration = Duration::from_secs(50);
/// The permitted methods.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// Statuses that another attempt would not change.
const FINAL: [u16; 4] = [401, 403, 404, 405];

/// Sends the request.
pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let content = parcel.content;
    let word = |name: &str| parcel.word(name).unwrap_or_default();
    let Some(method) = METHODS.into_iter().find(|method| method.eq_ignore_ascii_case(word("method"))) else {
        return CarrierReply::never(format!("{:?} is no method", word("method")));
    };
    let body = word("body");
    let mut headers: Vec<(String, String)> = texts(content.get("headers"));
    if let Err(why) = Call::check_headers(&headers) {
        return CarrierReply::never(why);
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    if let Some(key) = parcel.channel.setting("signing_key") {
        headers
            .push(("x-webhook-signature".to_owned(), stamped(key, carriers.clock.now().as_seconds(), body.as_bytes())));
    }
    let url = address(word("url"), content);
    let body = body.as_bytes().to_vec();
    let call = Call { service: "http", method, url, headers, body, patience: PATIENCE, is_http2: false };
    let reply = match call.ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    let why = format!("the answer was {}", reply.status);
    let verdict = match reply.status {
        200..300 => Verdict::Taken { state: DeliveryState::Delivered, metadata: None, data: None },
        status if FINAL.contains(&status) => Verdict::Never { why },
        _ => Verdict::Later { why, after: reply.retry_after },
    };
    CarrierReply { verdict, log: vec![reply.log], facts: Vec::new() }
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
