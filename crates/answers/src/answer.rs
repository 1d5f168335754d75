//! An answer: its text, what it cites, and what was done to find it; as it is stored, and as it is sent.

use std::collections::BTreeSet;

use campanile_base::Timestamp;
use campanile_memory::search::Mode;
use campanile_models::{MessageRole, Usage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A question.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerRequest {
    /// The question, at most 1,000 characters.
    #[serde(default)]
    pub question: Option<String>,
    /// A conversation in place of the question: at most 20 messages, of which the last one is the user's.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The session to go on with; a new one when absent.
    #[serde(default)]
    pub session: Option<String>,
    /// The effort of the search.
    #[serde(default)]
    pub mode: Mode,
    /// False for one JSON answer in place of server-sent events.
    #[serde(default = "yes")]
    pub stream: bool,
}

fn yes() -> bool {
    true
}

/// A message of a conversation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// `user` or `assistant`.
    pub role: MessageRole,
    /// The text.
    pub content: String,
}

/// The maker of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnswerMode {
    /// Sentences of passages, as they stand.
    Extractive,
    /// A language model, whose sentences were held against the passages.
    Model,
}

/// A text that an answer may cite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AnswerPassage {
    /// Its number: the answer cites it as `[1]`.
    pub n: usize,
    /// The id of the observation.
    pub id: String,
    /// One line.
    pub title: String,
    /// The address at the provider, or of the observation in the console.
    pub url: String,
    /// The provider.
    pub source: String,
    /// The provider's name of the event.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The time of the event.
    #[schema(value_type = String, format = DateTime)]
    pub occurred_at: Timestamp,
    /// The part that fits best.
    pub snippet: String,
}

/// Something that was done to find the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnswerStep {
    /// `states`, `search` or `model`.
    pub tool: String,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub args: serde_json::Value,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The session that it belongs to.
    pub session: String,
    /// Its number in the session, from 1.
    pub turn: i64,
    /// False if nothing in the workspace answers the question.
    pub answered: bool,
    /// The maker.
    pub mode: AnswerMode,
    /// The whole text. It cites passages by their numbers, as `[1]`.
    pub text: String,
    /// The numbers of the passages that the text cites, in their order.
    pub citations: Vec<usize>,
    /// The passages that it may cite.
    pub passages: Vec<AnswerPassage>,
    /// The steps to it.
    pub steps: Vec<AnswerStep>,
    /// Sentences of the model that were left out or are marked, because no passage supports them.
    pub unsupported: usize,
    /// The reason why a model that is set did not answer, or why its answer was changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The cost of the model, if one was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usage: Option<Usage>,
    /// The time in milliseconds.
    pub took: f64,
    /// The id of the request, for feedback.
    pub request_id: String,
    /// True if an observation or a document of its passages was deleted since: its text is gone, and so is that
    /// of those passages.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub forgotten: bool,
}

/// The text of an answer, and the title of a passage, whose document or observation was deleted.
const FORGOTTEN: &str = "This was taken from something that was deleted.";

impl AnswerPassage {
    /// The id of its observation, or of its document.
    pub(crate) fn subject(&self) -> &str {
        self.id.split_once('#').map_or(self.id.as_str(), |(document, _)| document)
    }
}

impl Answer {
    /// The ids of the observations and documents that it has passages of, each once.
    pub(crate) fn subjects(&self) -> BTreeSet<&str> {
        self.passages.iter().map(AnswerPassage::subject).collect()
    }

    /// Removes the texts of a deleted observation or document: of its passages, and of the answer, which may
    /// quote them. The ids stay.
    pub(crate) fn forget(&mut self, subject: &str) {
        for passage in self.passages.iter_mut().filter(|passage| passage.subject() == subject) {
            passage.title = FORGOTTEN.to_owned();
            passage.url.clear();
            passage.snippet.clear();
            self.forgotten = true;
        }
        if self.forgotten {
            self.text = FORGOTTEN.to_owned();
            self.citations.clear();
        }
    }
}

/// A part of a streamed answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnswerEvent {
    /// Something is done.
    Step(AnswerStep),
    /// The passages that were found.
    Passages {
        /// In the order of their numbers.
        data: Vec<AnswerPassage>,
    },
    /// A piece of the text.
    Text {
        /// The piece.
        delta: String,
        /// True if no passage supports this sentence.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        unsupported: bool,
        /// True if the pieces before it are void.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        replaces: bool,
    },
    /// The first use of a passage.
    Citation {
        /// Its number.
        n: usize,
        /// The id of the observation.
        id: String,
        /// Its address.
        url: String,
    },
    /// The end, with the whole answer.
    Done(Box<Answer>),
    /// The end without an answer.
    Error {
        /// The reason, as a sentence.
        message: String,
    },
}

impl AnswerEvent {
    /// The name of the event in a stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Step(_) => "step",
            Self::Passages { .. } => "passages",
            Self::Text { .. } => "text",
            Self::Citation { .. } => "citation",
            Self::Done(_) => "done",
            Self::Error { .. } => "error",
        }
    }

    pub(crate) fn text(delta: impl Into<String>) -> Self {
        Self::Text { delta: delta.into(), unsupported: false, replaces: false }
    }
}

/// The numbers that a text cites, each once, in the order of their first use.
pub(crate) fn cited(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for part in text.split('[').skip(1) {
        let number = part.split_once(']').and_then(|(number, _)| number.parse().ok());
        if let Some(number) = number.filter(|number| !found.contains(number)) {
            found.push(number);
        }
    }
    found
}
