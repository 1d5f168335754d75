//! Firebase Cloud Messaging, HTTP v1.
//!
//! Settings: `service_account`, Google's JSON file as an object or as text; `project_id`, unless it
//! is the file's; `base_url` and `token_uri`, unless they are Google's own. Source: Firebase's REST
//! reference of `projects.messages.send`.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::super::request::{Call, path_segment};
use super::super::{CarrierReply, Carriers, Parcel, Verdict};

/// FCM's API, and Google's token endpoint.
const FCM: &str = "https://fcm.googleapis.com";
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// The scope of the token.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// The lifetime of the token that we sign, in seconds; also the default for Google's token.
const LIFETIME: i64 = 3600;

pub(super) async fn carry(carriers: &Carriers, parcel: Parcel<'_>) -> CarrierReply {
    let Some(account) = service_account(&parcel) else {
        return CarrierReply::never("the channel has no service_account".to_owned());
    };
    let told = |name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(project) = parcel.channel.setting("project_id").map(str::to_owned).or_else(|| told("project_id")) else {
        return CarrierReply::never("the channel has no project_id".to_owned());
    };
    let token = match access_token(carriers, &parcel, &account).await {
        Ok(token) => token,
        Err(said) => return said,
    };
    let base = parcel.channel.setting("base_url").unwrap_or(FCM).trim_end_matches('/');
    let url = format!("{base}/v1/projects/{}/messages:send", path_segment(&project));
    let call = Call::json("fcm", url, &body(&parcel)).bearer(&token);
    let reply = match call.ask(carriers).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return CarrierReply { verdict: Verdict::sent(reply.word("/name")), log: vec![reply.log], facts: Vec::new() };
    }
    let details = reply.body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    let code = details.filter_map(|detail| detail["errorCode"].as_str()).next().unwrap_or_default().to_owned();
    let why = reply.word("/error/message").unwrap_or("it says no more").to_owned();
    match (reply.status, code.as_str()) {
        (404, _) | (_, "UNREGISTERED" | "SENDER_ID_MISMATCH") => super::bounced(&parcel, reply, &why),
        (401, _) => {
            carriers.tokens.remove(&parcel.place());
            CarrierReply { verdict: Verdict::Later { why, after: None }, log: vec![reply.log], facts: Vec::new() }
        }
        _ => reply.refused(&why),
    }
}

fn service_account(parcel: &Parcel<'_>) -> Option<Map<String, Value>> {
    match parcel.channel.settings.provider_settings.get("service_account")? {
        Value::Object(account) => Some(account.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// Google's access token, in exchange for a token signed with the service account's key.
async fn access_token(
    carriers: &Carriers,
    parcel: &Parcel<'_>,
    account: &Map<String, Value>,
) -> Result<String, CarrierReply> {
    let (now, tokens) = (carriers.clock.now(), &carriers.tokens);
    if let Some(known) = tokens.get(&parcel.place(), now) {
        return Ok(known);
    }
    let word = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default();
    let uri = match word("token_uri") {
        "" => TOKENS,
        uri => uri,
    };
    let uri = parcel.channel.setting("token_uri").unwrap_or(uri);
    let at = now.as_seconds();
    let claims = json!({ "iss": word("client_email"), "scope": SCOPE, "aud": uri, "iat": at, "exp": at + LIFETIME });
    let signed = EncodingKey::from_rsa_pem(word("private_key").as_bytes())
        .and_then(|key| jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key));
    let signed =
        signed.map_err(|error| CarrierReply::never(format!("the service account's key cannot be used: {error}")))?;
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", signed.as_str())];
    let reply = Call::form("google", uri.to_owned(), fields).ask(carriers).await?;
    let Some(token) = reply.word("/access_token").filter(|_| reply.is_good()).map(str::to_owned) else {
        let why = reply.word("/error_description").unwrap_or("there is no token").to_owned();
        return Err(reply.refused(&why).without_log());
    };
    let seconds = reply.body["expires_in"].as_u64().unwrap_or(LIFETIME as u64).saturating_sub(60);
    tokens.insert(parcel.place(), token.clone(), now, Duration::from_secs(seconds));
    Ok(token)
}

fn body(parcel: &Parcel<'_>) -> Value {
    let mut data = Map::new();
    data.insert("knock_message_id".to_owned(), json!(parcel.message));
    flatten("", &Value::Object(parcel.data.clone()), &mut data);
    let mut message = json!({ "token": parcel.word("token").unwrap_or_default(), "data": data });
    if !super::is_silent(parcel) {
        message["notification"] = json!({
            "title": parcel.word("title").unwrap_or_default(), "body": parcel.word("body").unwrap_or_default(),
        });
    }
    json!({ "message": super::overridden(parcel, message) })
}

/// Flattens data: FCM takes only texts by name, so a nested value is named by its path.
fn flatten(path: &str, value: &Value, into: &mut Map<String, Value>) {
    let inner = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&inner(key), value, into)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| flatten(&inner(&index.to_string()), value, into));
        }
        Value::String(text) => drop(into.insert(path.to_owned(), json!(text))),
        Value::Null => {}
        other => drop(into.insert(path.to_owned(), json!(other.to_string()))),
    }
}
