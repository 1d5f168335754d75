//! Chat completions as OpenAI's: `POST {base}/chat/completions`. Some servers send the usage in a last event
//! without choices, others never.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{MessageRole, ModelError, ModelSettings, Piece, Prompt};

type Headers = Vec<(String, String)>;

pub(super) fn request(model: &ModelSettings, prompt: &Prompt) -> (&'static str, Headers, Value) {
    let headers = model.key.as_ref().map(|key| ("authorization".to_owned(), format!("Bearer {}", key.expose())));
    let role = |role: &MessageRole| if *role == MessageRole::User { "user" } else { "assistant" };
    let system = json!({ "role": "system", "content": prompt.system });
    let said = prompt.messages.iter().map(|(by, text)| json!({ "role": role(by), "content": text }));
    let messages: Vec<Value> = std::iter::once(system).chain(said).collect();
    let body = json!({
        "model": model.model, "messages": messages, "max_tokens": prompt.most_tokens, "temperature": prompt.temperature,
        "stream": true, "stream_options": { "include_usage": true },
    });
    ("/chat/completions", headers.into_iter().collect(), body)
}

pub(super) fn pieces(event: &Value, take: &mut VecDeque<Piece>) {
    if event["error"].is_object() {
        return take.push_back(Piece::Failed(ModelError::BrokeOff));
    }
    let choice = &event["choices"][0];
    take.extend(choice["delta"]["content"].as_str().map(|text| Piece::Text(text.to_owned())));
    if choice["finish_reason"].is_string() {
        take.push_back(Piece::End);
    }
    take.extend(event["usage"]["prompt_tokens"].as_u64().map(Piece::Input));
    take.extend(event["usage"]["completion_tokens"].as_u64().map(Piece::Output));
}
