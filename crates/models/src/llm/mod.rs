//! Language models over HTTP: the Anthropic messages API, and the chat completions that OpenAI's and many
//! other servers speak.
//!
//! A call streams. It has a time for all of it, one for each pause, and a bound of bytes; what comes
//! after is an error that says which. The address is judged as that of every outbound call, so a model on a
//! private network has to be allowed (`net_allow`).

mod anthropic;
mod chat;
mod fence;
mod reply;
mod sse;
mod writer;

use std::time::Duration;

use campanile_base::Secret;
use campanile_net::{Client, OpenResponse, Request, SendError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::error::{LONGEST_WAIT, ModelError};
use sse::Lines;

pub use fence::fenced;
pub use reply::json_object;
pub use writer::Writer;

/// The time of a whole call, and of a pause in it.
const TOTAL: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(10);
/// The bytes of an answer with all its events.
const BYTES: usize = 512 * 1024;
/// The bytes of a token, where a model does not count them itself.
const BYTES_PER_TOKEN: u64 = 4;
/// The bytes of a refusal that are read.
const REFUSAL_BYTES: usize = 4 * 1024;

/// The API of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// Anthropic messages.
    Anthropic,
    /// Chat completions as OpenAI's.
    OpenAi,
}

impl ModelKind {
    /// The word of the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// Reads the word of the setting.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "anthropic" => Some(Self::Anthropic),
            "openai" => Some(Self::OpenAi),
            _ => None,
        }
    }
}

/// A language model, and how to reach it.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// The base of its addresses, without a slash at the end.
    pub url: String,
    /// The key, if it wants one.
    pub key: Option<Secret>,
    /// Its name at the provider.
    pub model: String,
    /// The API.
    pub kind: ModelKind,
}

/// The author of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageRole {
    /// The asker.
    User,
    /// The answer.
    Assistant,
}

/// The cost of a language model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens that were read.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
}

/// A conversation for a model.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The rules for the model.
    pub system: String,
    /// The messages, each with its author.
    pub messages: Vec<(MessageRole, String)>,
    /// The freedom of the text, from 0 to 1.
    pub temperature: f64,
    /// The tokens that the model may write.
    pub most_tokens: u32,
}

/// The whole text of a model, and its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// The cost; estimated if the model does not count it.
    pub usage: Usage,
}

/// A piece of what a model sends.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Input(u64),
    Output(u64),
    End,
    /// An error in the midst of the stream.
    Failed(ModelError),
}

/// A call under way.
pub struct Call {
    kind: ModelKind,
    answer: OpenResponse,
    lines: Lines,
    pieces: std::collections::VecDeque<Piece>,
    /// The tokens that the model has counted so far.
    pub usage: Usage,
    has_ended: bool,
}

impl ModelSettings {
    /// Begins a call.
    ///
    /// # Errors
    /// When the model does not begin to answer.
    pub async fn call(&self, client: &Client, prompt: &Prompt) -> Result<Call, ModelError> {
        let (path, mut headers, body) = match self.kind {
            ModelKind::Anthropic => anthropic::request(self, prompt),
            ModelKind::OpenAi => chat::request(self, prompt),
        };
        headers.push(("content-type".into(), "application/json".into()));
        headers.push(("accept".into(), "text/event-stream".into()));
        let request = Request {
            method: "POST",
            url: format!("{}{path}", self.url),
            headers,
            body: body.to_string().into(),
            timeout: TOTAL,
            keep: BYTES,
            tls: None,
        };
        let answer = client.open(request, PAUSE).await.map_err(|error| unreached(&error))?;
        match answer.status {
            200..300 => Ok(Call {
                kind: self.kind,
                answer,
                lines: Lines::default(),
                pieces: std::collections::VecDeque::new(),
                usage: Usage::default(),
                has_ended: false,
            }),
            429 | 503 | 529 => Err(ModelError::Busy(retry_after(&answer))),
            status => {
                let refusal = refusal(answer).await;
                tracing::warn!(status, refusal, "the language model refused a call");
                Err(ModelError::Refused(status))
            }
        }
    }
}

impl ModelSettings {
    /// Has a text written to its end.
    ///
    /// # Errors
    /// When the model does not answer to the end.
    pub async fn write(&self, client: &Client, prompt: &Prompt) -> Result<Written, ModelError> {
        let asked: usize = prompt.messages.iter().map(|(_, text)| text.len()).sum::<usize>() + prompt.system.len();
        let mut call = self.call(client, prompt).await?;
        let mut text = String::new();
        while let Some(piece) = call.next().await? {
            text.push_str(&piece);
        }
        let usage = call.usage_or_estimate(asked, text.len());
        Ok(Written { text, usage })
    }
}

impl Call {
    /// The tokens that the model has counted; those that it did not count are estimated from bytes.
    pub fn usage_or_estimate(&self, asked: usize, written: usize) -> Usage {
        let counted = |told: u64, bytes: usize| if told > 0 { told } else { bytes as u64 / BYTES_PER_TOKEN };
        Usage {
            input_tokens: counted(self.usage.input_tokens, asked),
            output_tokens: counted(self.usage.output_tokens, written),
        }
    }

    /// The next piece of the text; `None` at its end.
    ///
    /// # Errors
    /// When the answer pauses for too long, breaks off or cannot be read.
    pub async fn next(&mut self) -> Result<Option<String>, ModelError> {
        loop {
            while let Some(piece) = self.pieces.pop_front() {
                match piece {
                    Piece::Text(text) if !text.is_empty() => return Ok(Some(text)),
                    Piece::Text(_) => {}
                    Piece::Input(tokens) => self.usage.input_tokens = tokens,
                    Piece::Output(tokens) => self.usage.output_tokens = tokens,
                    Piece::End => self.has_ended = true,
                    Piece::Failed(error) => return Err(error),
                }
            }
            match self.answer.next().await {
                Ok(Some(bytes)) => self.take(&bytes)?,
                // A stream that ends without its last event has lost something.
                Ok(None) if self.has_ended => return Ok(None),
                Ok(None) => return Err(ModelError::BrokeOff),
                // After the last event nothing more is of interest.
                Err(_) if self.has_ended => return Ok(None),
                Err(SendError::TimedOut(_)) => return Err(ModelError::TimedOut),
                Err(_) => return Err(ModelError::BrokeOff),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        for data in self.lines.take(bytes)? {
            if data == "[DONE]" {
                self.pieces.push_back(Piece::End);
                continue;
            }
            let event: Value = serde_json::from_str(&data).map_err(|_| ModelError::Unreadable)?;
            match self.kind {
                ModelKind::Anthropic => anthropic::pieces(&event, &mut self.pieces),
                ModelKind::OpenAi => chat::pieces(&event, &mut self.pieces),
            }
        }
        Ok(())
    }
}

fn unreached(error: &SendError) -> ModelError {
    tracing::warn!(%error, "the language model could not be reached");
    error.into()
}

fn retry_after(answer: &OpenResponse) -> Option<Duration> {
    let (_, value) = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    value.trim().parse().ok().map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The begin of a refusal, for the log.
async fn refusal(mut answer: OpenResponse) -> String {
    let mut told = Vec::new();
    while told.len() < REFUSAL_BYTES
        && let Ok(Some(bytes)) = answer.next().await
    {
        told.extend_from_slice(&bytes[..bytes.len().min(REFUSAL_BYTES - told.len())]);
    }
    String::from_utf8_lossy(&told).chars().filter(|c| !c.is_control()).take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ModelKind, events: &[&str]) -> Vec<Piece> {
        let mut pieces = std::collections::VecDeque::new();
        for event in events {
            let event = serde_json::from_str(event).unwrap();
            match kind {
                ModelKind::Anthropic => anthropic::pieces(&event, &mut pieces),
                ModelKind::OpenAi => chat::pieces(&event, &mut pieces),
            }
        }
        pieces.into()
    }

    #[test]
    fn messages_of_anthropic_are_read() {
        let told = read(
            ModelKind::Anthropic,
            &[
                r#"{"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}"#,
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                r#"{"type":"ping"}"#,
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"It works"}}"#,
                r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}}"#,
                r#"{"type":"message_stop"}"#,
            ],
        );
        let text = Piece::Text("It works".into());
        assert_eq!(told, [Piece::Input(12), Piece::Output(1), text, Piece::Output(7), Piece::End]);
        let failed = read(ModelKind::Anthropic, &[r#"{"type":"error","error":{"type":"overloaded_error"}}"#]);
        assert_eq!(failed, [Piece::Failed(ModelError::Busy(None))]);
    }

    #[test]
    fn chat_completions_are_read() {
        let told = read(
            ModelKind::OpenAi,
            &[
                r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
                r#"{"choices":[{"delta":{"content":"It works"}}]}"#,
                r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":7}}"#,
            ],
        );
        let texts = [Piece::Text(String::new()), Piece::Text("It works".into())];
        assert_eq!(told[..2], texts);
        assert_eq!(told[2..], [Piece::End, Piece::Input(12), Piece::Output(7)]);
        assert_eq!(read(ModelKind::OpenAi, &[r#"{"error":{"message":"x"}}"#]), [Piece::Failed(ModelError::BrokeOff)]);
    }
}
