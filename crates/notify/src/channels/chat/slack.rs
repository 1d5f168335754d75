//! Slack: as the app that a tenant has [connected](crate::slack), or by a channel's webhook.
//!
//! The tenant's token comes before a connection's own. A recipient without a connection is looked up by mail address where the
//! channel says so (`email_based_user_id_resolution`), and remembered.

use campanile_base::Result;
use serde_json::{Value, json};

use super::super::provider::{Call, Parcel, Reply};
use super::super::{Said, Verdict};
use super::{connection, mrkdwn, own_json};
use crate::slack::{self, Refusal};
use crate::{Reference, channel_data};

pub(super) async fn carry(parcel: Parcel<'_>) -> Said {
    match connection(&parcel, "/incoming_webhook/url") {
        Some(url) => by_webhook(parcel, url).await,
        None => as_app(parcel).await,
    }
}

/// A webhook answers in words: `ok`, or what is wrong.
async fn by_webhook(parcel: Parcel<'_>, url: &str) -> Said {
    let reply = match Call::json("slack", url.to_owned(), &body(&parcel)).ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    match reply.is_good() {
        true => Said { verdict: Verdict::sent(None), log: vec![reply.log] },
        false => {
            let why = reply.body.as_str().unwrap_or("it says no more").to_owned();
            reply.refused(&why)
        }
    }
}

async fn as_app(parcel: Parcel<'_>) -> Said {
    let token = match token(&parcel).await {
        Ok(Some(token)) => token,
        Ok(None) => {
            return Said::never("Slack is not connected: neither the tenant nor the connection has a token".to_owned());
        }
        Err(error) => return Said::later(error.to_string()),
    };
    let to = match to(&parcel, &token).await {
        Ok(to) => to,
        Err(said) => return said,
    };
    let mut body = body(&parcel);
    body["channel"] = json!(to);
    let url = slack::address(parcel.channel, "chat.postMessage");
    let reply = match Call::json("slack", url, &body).bearer(&token).ask(parcel.notify).await {
        Ok(reply) => reply,
        Err(said) => return said,
    };
    match slack::refusal(&reply) {
        None => {
            note(&parcel, None).await;
            Said { verdict: Verdict::sent(reply.word("/ts")), log: vec![reply.log] }
        }
        Some(refusal) => refused(&parcel, reply, refusal).await,
    }
}

/// What a refusal comes to. What somebody has to mend is noted with the tenant, where the pages that can mend it look.
async fn refused(parcel: &Parcel<'_>, reply: Reply, refusal: Refusal) -> Said {
    let verdict = match &refusal {
        Refusal::Later(why) => Verdict::Later { why: why.clone(), after: reply.retry_after },
        Refusal::Disconnected(why) | Refusal::Scope(why) | Refusal::Channel(why) => {
            note(parcel, Some(&refusal)).await;
            Verdict::Never { why: why.clone() }
        }
        Refusal::Message(why) => Verdict::Never { why: why.clone() },
    };
    Said { verdict, log: vec![reply.log] }
}

async fn note(parcel: &Parcel<'_>, refusal: Option<&Refusal>) {
    let Some(tenant) = parcel.message.tenant.as_deref().map(Reference::tenant) else { return };
    let is_noted = parcel.of_tenant.is_some_and(|data| data.get("trouble").is_some());
    if refusal.is_none() && !is_noted {
        return;
    }
    let where_to = connection(parcel, "/channel_id");
    let noted = slack::note(parcel.notify, parcel.organisation, parcel.channel, tenant, refusal, where_to).await;
    if let Err(error) = noted {
        tracing::warn!(%error, message_id = %parcel.message.id, "what Slack said of a connection was not noted");
    }
}

async fn token(parcel: &Parcel<'_>) -> Result<Option<String>> {
    if let (Some(tenant), Some(data)) = (&parcel.message.tenant, parcel.of_tenant)
        && let Some(token) =
            slack::token(parcel.notify, parcel.organisation, parcel.channel, &Reference::tenant(tenant), data).await?
    {
        return Ok(Some(token));
    }
    // Tokens of connections are not kept with the message: they are looked up where they are.
    let whose = &parcel.message.recipient;
    let data = channel_data::of(parcel.notify, parcel.organisation, whose, &parcel.channel.id).await?;
    let same =
        |other: &Value, name: &str| other.get(name).and_then(Value::as_str) == connection(parcel, &format!("/{name}"));
    let connections = data.as_ref().and_then(|data| data["connections"].as_array()).into_iter().flatten();
    let own = connections.filter(|other| same(other, "channel_id") && same(other, "user_id"));
    Ok(own.filter_map(|other| other["access_token"].as_str()).next().map(str::to_owned))
}

/// The channel or the person; one who is known by mail address alone is asked for.
async fn to(parcel: &Parcel<'_>, token: &str) -> std::result::Result<String, Said> {
    if let Some(id) = connection(parcel, "/channel_id").or_else(|| connection(parcel, "/user_id")) {
        return Ok(id.to_owned());
    }
    let email = connection(parcel, "/email");
    let email = email.ok_or_else(|| Said::never("the connection has no channel_id and no user_id".to_owned()))?;
    let url = slack::address(parcel.channel, "users.lookupByEmail");
    let reply = Call::form("slack", url, [("email", email)]).bearer(token).ask(parcel.notify).await?;
    if let Some(refusal) = slack::refusal(&reply) {
        return Err(refused(parcel, reply, refusal).await);
    }
    let id = reply.word("/user/id").unwrap_or_default().to_owned();
    remember(parcel, &id).await.map_err(|error| Said::later(error.to_string()))?;
    Ok(id)
}

async fn remember(parcel: &Parcel<'_>, user: &str) -> Result<()> {
    let (notify, organisation) = (parcel.notify.clone(), parcel.organisation.clone());
    let (owner, channel) = (parcel.message.recipient.clone(), parcel.channel.id.clone());
    let data = json!({ "connections": [{ "user_id": user }] });
    let write = parcel.notify.db.write(move |tx| {
        Box::pin(async move { channel_data::set(tx, &notify, &organisation, &owner, &channel, data).await })
    });
    write.await.map(drop)
}

fn body(parcel: &Parcel<'_>) -> Value {
    let text = parcel.word("summary").map(str::to_owned);
    let text = text.unwrap_or_else(|| mrkdwn::of_markdown(parcel.word("markdown").unwrap_or_default()));
    match own_json(parcel) {
        Some(mut own) if own.get("text").is_none() => {
            own["text"] = json!(text);
            own
        }
        Some(own) => own,
        None => json!({ "text": mrkdwn::of_markdown(parcel.word("markdown").unwrap_or_default()), "mrkdwn": true }),
    }
}
