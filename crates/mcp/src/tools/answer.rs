//! `answer`: answers a question with sentences as they stand in the memory, and their sources.

use campanile_answers::{AnswerPassage, quote};
use campanile_app::search::known_sources;
use campanile_memory::search::SearchRequest;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Tool, ToolContext, ToolOutcome, read, schema, told};

pub(super) const TOOL: Tool = Tool {
    name: "answer",
    title: "Answer a question",
    description: "Answers a question about what happened, in one call: what state an issue, a pull request or a \
        project is in (`status of ENG-42`), and the sentences of the best passages, quoted and numbered. `sources` \
        has their ids and urls. It does not reason: for more than the quotations, call `search` and `fetch`. \
        `answered` is false if nothing in the memory fits.",
    input: schema::<Arguments>,
    output: schema::<Answer>,
    call,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// The question, at most 1,000 characters.
    question: String,
}

#[derive(Serialize, JsonSchema)]
struct Answer {
    /// False if nothing in the memory answers the question.
    answered: bool,
    /// The answer. It cites sources by their numbers, as `[1]`.
    text: String,
    /// The sources that it may cite.
    sources: Vec<AnswerSource>,
}

/// A source of an answer.
#[derive(Serialize, JsonSchema)]
struct AnswerSource {
    /// The number by which the text cites it.
    number: usize,
    /// The id, for `fetch`.
    id: String,
    /// One line.
    title: String,
    /// A link to it.
    url: String,
}

fn call(context: &ToolContext, arguments: JsonObject) -> BoxFuture<'_, ToolOutcome> {
    async move {
        let Arguments { question } = read(arguments)?;
        // A source that is not known is refused, as in a search.
        let asked: SearchRequest = read(JsonObject::from_iter([("query".to_owned(), question.clone().into())]))?;
        known_sources(&asked.sources())?;
        let answers = &context.app.answers;
        let quotation = quote(answers, &context.organisation, &context.workspace, &question).await?;
        let source = |AnswerPassage { n, id, title, url, .. }| AnswerSource { number: n, id, title, url };
        let sources = quotation.passages.into_iter().map(source).collect();
        told(Answer { answered: quotation.answered, text: quotation.text, sources })
    }
    .boxed()
}
