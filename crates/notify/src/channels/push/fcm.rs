//! Firebase Cloud Messaging, HTTP v1.
//!
//! Settings: `service_account`, Google's JSON file as an object or as text; `project_id`, where it is not the file's; `base_url` and
//! `token_uri`, where they are not Google's own. Source: Firebase's REST reference of `projects.messages.send`.

use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};

use super::super::provider::{Call, Parcel, path_segment};
use super::super::{Said, Verdict};

/// Where FCM listens, and who gives out tokens for it.
const FCM: &str = "https://fcm.googleapis.com";
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// What the token is for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// How long a token that we sign is good for, in seconds; Google's answer is good as long.
const LIFETIME: i64 = 3600;

pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    let Some(account) = service_account(&parcel) else {
        return Said::never("the channel has no service_account".to_owned());
    };
    let told = |name: &str| account.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(project) = parcel.channel.setting("project_id").map(str::to_owned).or_else(|| told("project_id")) else {
        return Said::never("the channel has no project_id".to_owned());
    };
    let token = match access_token(&parcel, &account).await {
        Ok(token) => token,
        Err(said) => return said,
    };
    let base = parcel.channel.setting("base_url").unwrap_or(FCM).trim_end_matches('/');
    let url = format!("{base}/v1/projects/{}/messages:send", path_segment(&project));
    let call = Call::json("fcm", url, &body(&parcel)).bearer(&token);
    let reply = match call.ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    if reply.is_good() {
        return Said { verdict: Verdict::sent(reply.word("/name")), log: vec![reply.log] };
    }
    let details = reply.body.pointer("/error/details").and_then(Value::as_array).into_iter().flatten();
    let code = details.filter_map(|detail| detail["errorCode"].as_str()).next().unwrap_or_default().to_owned();
    let why = reply.word("/error/message").unwrap_or("it says no more").to_owned();
    match (reply.status, code.as_str()) {
        (404, _) | (_, "UNREGISTERED" | "SENDER_ID_MISMATCH") => super::bounced(&parcel, reply, &why).await,
        (401, _) => {
            parcel.notify.provider_tokens.forget(&parcel.place());
            Said { verdict: Verdict::Later { why, after: None }, log: vec![reply.log] }
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

/// A token of Google's, for one that we have signed.
async fn access_token(parcel: &Parcel<'_>, account: &Map<String, Value>) -> Result<String, Said> {
    let (now, tokens) = (parcel.notify.clock.now(), &parcel.notify.provider_tokens);
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
    let signed = signed.map_err(|error| Said::never(format!("the service account's key cannot be used: {error}")))?;
    let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", signed.as_str())];
    let reply = Call::form("google", uri.to_owned(), fields).ask(parcel.notify).await?;
    let Some(token) = reply.word("/access_token").filter(|_| reply.is_good()).map(str::to_owned) else {
        let why = reply.word("/error_description").unwrap_or("there is no token").to_owned();
        return Err(reply.refused(&why).without_log());
    };
    let seconds = reply.body["expires_in"].as_u64().unwrap_or(LIFETIME as u64).saturating_sub(60);
    tokens.put(&parcel.place(), token.clone(), now.plus(Duration::from_secs(seconds)));
    Ok(token)
}

fn body(parcel: &Parcel<'_>) -> Value {
    let mut data = Map::new();
    data.insert("knock_message_id".to_owned(), json!(parcel.message.id));
    flatten("", &Value::Object(parcel.message.data.clone()), &mut data);
    let mut message = json!({ "token": parcel.word("token").unwrap_or_default(), "data": data });
    if !super::is_silent(parcel) {
        message["notification"] = json!({
            "title": parcel.word("title").unwrap_or_default(), "body": parcel.word("body").unwrap_or_default(),
        });
    }
    json!({ "message": super::overridden(parcel, message) })
}

/// FCM's data is texts by name: what is nested gets its path for a name.
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
