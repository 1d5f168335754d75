//! Anthropic's messages: `POST {base}/v1/messages`, version 2023-06-01.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{MessageRole, ModelError, ModelSettings, Piece, Prompt};

type Headers = Vec<(String, String)>;

pub(super) fn request(model: &ModelSettings, prompt: &Prompt) -> (&'static str, Headers, Value) {
    let mut headers = vec![("anthropic-version".to_owned(), "2023-06-01".to_owned())];
    headers.extend(model.key.as_ref().map(|key| ("x-api-key".to_owned(), key.expose().to_owned())));
    let role = |role: &MessageRole| if *role == MessageRole::User { "user" } else { "assistant" };
    let messages: Vec<Value> =
        prompt.messages.iter().map(|(by, text)| json!({ "role": role(by), "content": text })).collect();
    let body = json!({
        "model": model.model, "system": prompt.system, "messages": messages,
        "max_tokens": prompt.most_tokens, "temperature": prompt.temperature, "stream": true,
    });
    ("/v1/messages", headers, body)
}

pub(super) fn pieces(event: &Value, take: &mut VecDeque<Piece>) {
    let usage = |usage: &Value, take: &mut VecDeque<Piece>| {
        take.extend(usage["input_tokens"].as_u64().map(Piece::Input));
        take.extend(usage["output_tokens"].as_u64().map(Piece::Output));
    };
    match event["type"].as_str() {
        Some("message_start") => usage(&event["message"]["usage"], take),
        Some("content_block_delta") => {
            take.extend(event["delta"]["text"].as_str().map(|text| Piece::Text(text.to_owned())));
        }
        Some("message_delta") => usage(&event["usage"], take),
        Some("message_stop") => take.push_back(Piece::End),
        Some("error") => take.push_back(Piece::Failed(match event["error"]["type"].as_str() {
            Some("overloaded_error" | "rate_limit_error") => ModelError::Busy(None),
            _ => ModelError::BrokeOff,
        })),
        _ => {}
    }
}
