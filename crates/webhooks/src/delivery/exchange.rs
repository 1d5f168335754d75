//! One request to an endpoint, and what came back: prepared by the endpoint's script, with its token, signed, sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use campanile_base::Timestamp;
use campanile_net::{Response, SendError};

use super::{Plan, plan, request};
use crate::Webhooks;
use crate::attempts::{Attempt, AttemptId, Status};
use crate::directory::Target;
use crate::endpoints::access;
use crate::messages::Message;
use crate::transformations::{self, Content, Transformed};

/// What came of a request.
pub(crate) struct Exchange {
    /// Where it went.
    url: String,
    /// What came back, or why nothing did.
    answer: Result<Response, SendError>,
    /// Whether the endpoint's script has called it off: nothing was sent.
    is_canceled: bool,
    took: Duration,
}

impl Exchange {
    fn unsent(url: &str, answer: Result<Response, SendError>, is_canceled: bool) -> Self {
        Self { url: url.to_owned(), answer, is_canceled, took: Duration::ZERO }
    }

    /// What comes after it, with `failures` before it. What was called off is done with.
    pub(crate) fn plan(&self, schedule: &[Duration], failures: u32, now: Timestamp) -> Plan {
        if self.is_canceled { Plan::Delivered } else { plan(schedule, failures, &self.answer, now) }
    }

    /// As an attempt of a message, begun at a time.
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
                    // Cut within a character.
                    String::from_utf8_lossy(&answer.body[..error.valid_up_to()]).replace('\0', "\u{fffd}")
                }
                Err(_) => request::base64(&answer.body),
            },
            Err(error) => error.to_string(),
        }
    }
}

/// Sends a message to an endpoint, as its script wants it; nothing when the payload is there no more.
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
    let token = match access::token(webhooks, target).await {
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
        // Whatever was good until now is not any more.
        access::forget_token(webhooks, target);
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
