//! One request to an endpoint and its answer: applies the endpoint's script, adds its token, signs
//! and sends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use campanile_base::Timestamp;
use campanile_net::{Response, SendError};

use super::{Plan, authorization, plan, request};
use crate::Webhooks;
use crate::directory::Target;
use crate::model::attempts::{Attempt, AttemptId, Status};
use crate::model::messages::Message;
use crate::transformations::{self, Content, Transformed};

/// The result of a request.
pub(crate) struct Exchange {
    /// The address that it was sent to.
    url: String,
    /// The answer, or the reason why there is none.
    answer: Result<Response, SendError>,
    /// True if the endpoint's script has cancelled the message: nothing was sent.
    is_canceled: bool,
    took: Duration,
}

impl Exchange {
    fn unsent(url: &str, answer: Result<Response, SendError>, is_canceled: bool) -> Self {
        Self { url: url.to_owned(), answer, is_canceled, took: Duration::ZERO }
    }

    /// The plan after this request, with `failures` before it. A cancelled message counts as
    /// delivered.
    pub(crate) fn plan(&self, schedule: &[Duration], failures: u32, now: Timestamp) -> Plan {
        if self.is_canceled { Plan::Delivered } else { plan(schedule, failures, &self.answer, now) }
    }

    /// The attempt to record for a message; `began` is the time of the request.
    pub(crate) fn attempt(&self, message: &Message, target: &Target, plan: &Plan, began: Timestamp) -> Attempt {
        Attempt {
            id: AttemptId::new(began),
            message_id: message.id.clone(),
            endpoint_id: target.endpoint.id.clone(),
            number: 0,
            url: self.url.clone(),
            status: match plan {
                Plan::Delivered if self.is_canceled => Status::Canceled,
                Plan::Delivered => Status::Success,
                _ => Status::Fail,
            },
            status_code: self.status_code(),
            response: self.text(),
            duration_ms: i64::try_from(self.took.as_millis()).unwrap_or(i64::MAX),
            created_at: began,
            next_at: None,
        }
    }

    /// The answer's status, or 0 without one.
    fn status_code(&self) -> i64 {
        self.answer.as_ref().map_or(0, |answer| i64::from(answer.status))
    }

    /// The beginning of the answer's body, or what went wrong.
    fn text(&self) -> String {
        match &self.answer {
            // PostgreSQL's text cannot hold the character NUL.
            Ok(answer) => match std::str::from_utf8(&answer.body) {
                Ok(text) => text.replace('\0', "\u{fffd}"),
                Err(error) if error.error_len().is_none() => {
                    // The body was cut within a character.
                    String::from_utf8_lossy(&answer.body[..error.valid_up_to()]).replace('\0', "\u{fffd}")
                }
                Err(_) => request::base64(&answer.body),
            },
            Err(error) => error.to_string(),
        }
    }
}

/// Sends a message to an endpoint, as its script wants it; `None` when the payload no longer
/// exists.
pub(crate) async fn exchange(
    webhooks: &Webhooks,
    message: &Arc<Message>,
    target: &Target,
    now: Timestamp,
) -> Option<Exchange> {
    let body = message.payload.clone().filter(|_| message.is_readable(now))?;
    let url = &target.endpoint.url;
    let Some(code) = target.transformation.script() else {
        let content = Content { method: "POST", url: url.clone(), body, headers: Vec::new() };
        return Some(send(webhooks, message, target, content, now).await);
    };
    let env = target.transformation.variables.as_ref();
    Some(match transformations::apply(webhooks, target.owner(), message, url, code, env).await {
        Ok(Transformed { is_canceled: true, content }) => {
            let answer =
                Response { status: 0, headers: Vec::new(), body: b"called off by the transformation".to_vec() };
            Exchange::unsent(&content.url, Ok(answer), true)
        }
        Ok(Transformed { content, .. }) => send(webhooks, message, target, content, now).await,
        Err(why) => Exchange::unsent(url, Err(SendError::Malformed(why)), false),
    })
}

/// Sends a body that was made of this message and others.
pub(crate) async fn exchange_body(
    webhooks: &Webhooks,
    message: &Message,
    target: &Target,
    body: Result<Bytes, String>,
    now: Timestamp,
) -> Exchange {
    let url = target.endpoint.url.clone();
    match body {
        Ok(body) => {
            let content = Content { method: "POST", url, body, headers: Vec::new() };
            send(webhooks, message, target, content, now).await
        }
        Err(why) => Exchange::unsent(&url, Err(SendError::Malformed(why)), false),
    }
}

async fn send(webhooks: &Webhooks, message: &Message, target: &Target, content: Content, now: Timestamp) -> Exchange {
    let url = content.url.clone();
    let token = match authorization::token(webhooks, target).await {
        Ok(token) => token,
        Err(error) => return Exchange::unsent(&url, Err(error), false),
    };
    let request = request::signed(webhooks, message, target, content, token, now);
    let _share = webhooks.underway.share(target.organisation()).await;
    let began = Instant::now();
    let answer = webhooks.client.send(request).await;
    let took = began.elapsed();
    metrics_of(&answer, took);
    if answer.as_ref().is_ok_and(|answer| answer.status == 401) {
        // The token is no longer valid.
        authorization::forget_token(webhooks, target);
    }
    Exchange { url, answer, is_canceled: false, took }
}

fn metrics_of(answer: &Result<Response, SendError>, took: Duration) {
    let end = match answer {
        Ok(answer) if (200..300).contains(&answer.status) => "delivered",
        Ok(_) => "refused",
        Err(_) => "unanswered",
    };
    metrics::counter!("campanile_webhook_attempts_total", "end" => end).increment(1);
    metrics::histogram!("campanile_webhook_seconds").record(took.as_secs_f64());
}
