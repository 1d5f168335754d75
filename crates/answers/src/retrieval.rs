//! Finds what can answer a question: known states, and passages.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::Result;
use campanile_memory::search::{
    Confidence, DateRange, Mode, SearchFilters, SearchHit, SearchReply, SearchRequest, page, search,
};
use campanile_memory::states::{StateView, StatesOf, states};
use campanile_memory::{ObservationDetail, observations};
use serde_json::json;

use crate::Answers;
use crate::answer::{AnswerPassage, AnswerStep};
use crate::question::{INSTANT, Question};

/// The results of the search that are used.
const HITS: usize = 5;
/// The states that are told, and the observations that are cited for them.
const STATES: usize = 12;
const CITED_STATES: usize = 5;

/// A passage with the whole text of its observation.
#[derive(Debug, Clone)]
pub(crate) struct PassageText {
    pub(crate) passage: AnswerPassage,
    pub(crate) body: String,
    /// True if the search found it; false if it is there for a state.
    pub(crate) is_hit: bool,
}

/// All that can answer a question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) steps: Vec<AnswerStep>,
    /// The states that are asked for, by thing.
    pub(crate) states: Vec<StateView>,
    pub(crate) texts: Vec<PassageText>,
    /// True if nothing fits the words.
    pub(crate) is_nothing: bool,
    /// True if the best passage lacks an important part of the words.
    pub(crate) is_low: bool,
}

impl Found {
    pub(crate) fn passages(&self) -> Vec<AnswerPassage> {
        self.texts.iter().map(|text| text.passage.clone()).collect()
    }

    /// The number of an observation's passage.
    pub(crate) fn number_of(&self, observation: &str) -> Option<usize> {
        self.texts.iter().map(|text| &text.passage).find(|passage| passage.id == observation).map(|passage| passage.n)
    }
}

/// The search that a question leads to.
pub(crate) fn search_of(question: &Question, mode: Mode) -> SearchRequest {
    let end = question.states_at().map(|at| at.plus(INSTANT).to_string());
    SearchRequest {
        state: None,
        query: question.query.clone(),
        limit: HITS,
        offset: 0,
        mode,
        // What came later says nothing of the state at a time.
        filters: SearchFilters { date_range: DateRange { start: None, end }, ..SearchFilters::default() },
        include_context: false,
        include_highlights: false,
        collapse: true,
        explain: false,
        facets: false,
        prefix: false,
        understand: true,
    }
}

/// Looks for what can answer a question.
///
/// # Errors
/// `Invalid` for a filter in the question that cannot be read; `TooMany` when all processors search.
pub(crate) async fn look(
    answers: &Answers,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    question: &Question,
    mode: Mode,
) -> Result<Found> {
    let mut found = Found { is_nothing: true, ..Found::default() };
    if !question.states.is_empty() {
        found.states = known_states(answers, organisation, workspace, question, &mut found.steps).await?;
    }
    let fits = |reply: &SearchReply| !reply.data.is_empty() && reply.meta.confidence != Confidence::None;
    found.steps.push(AnswerStep { tool: "search".into(), args: json!({ "query": question.query }) });
    let mut reply = search(&answers.memory, organisation, workspace, search_of(question, mode)).await?;
    if !fits(&reply) && !question.identifiers.is_empty() {
        // The words around an identifier may be of another language than all that is remembered.
        let query = question.identifiers.join(" ");
        found.steps.push(AnswerStep { tool: "search".into(), args: json!({ "query": query }) });
        let request = SearchRequest { query, ..search_of(question, mode) };
        reply = search(&answers.memory, organisation, workspace, request).await?;
    }
    found.is_nothing = !fits(&reply) || found.states.is_empty() && !names_any(&reply, &question.identifiers);
    found.is_low = reply.meta.confidence == Confidence::Low;
    let hits = if found.is_nothing { Vec::new() } else { reply.data };
    let mut ids: Vec<String> = Vec::new();
    for id in found.states.iter().map(|view| &view.observation_id) {
        if ids.len() < CITED_STATES && !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    let cited = ids.len();
    ids.extend(hits.iter().map(|hit| hit.id.clone()).filter(|id| !ids.contains(id)).collect::<Vec<_>>());
    let (of, wanted) = (workspace.clone(), ids.clone());
    let read = answers.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let mut read = Vec::new();
            for id in &wanted {
                read.push(observations::by_id(tx, &of, id).await?);
            }
            Ok::<_, campanile_db::Error>(read)
        })
    });
    for (place, (id, detail)) in ids.into_iter().zip(read.await?).enumerate() {
        let hit = hits.iter().find(|hit| hit.id == id);
        if let Some(text) = text_of(answers, found.texts.len() + 1, detail, hit, place >= cited) {
            found.texts.push(text);
        }
    }
    Ok(found)
}

/// True if a result has one of the identifiers that were asked for, or if none was: what is said of
/// other things is no answer.
fn names_any(reply: &SearchReply, identifiers: &[String]) -> bool {
    let has = |hit: &SearchHit, identifier: &String| {
        let texts = [&hit.title, &hit.snippet];
        let is_named = texts.iter().any(|text| text.to_lowercase().contains(&identifier.to_lowercase()));
        let ends_with = |id: &str| id.to_lowercase().ends_with(&identifier.to_lowercase());
        is_named || hit.references.iter().any(|reference| ends_with(&reference.id))
    };
    identifiers.is_empty() || reply.data.iter().any(|hit| identifiers.iter().any(|identifier| has(hit, identifier)))
}

/// The states of the things that a question names.
async fn known_states(
    answers: &Answers,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    question: &Question,
    steps: &mut Vec<AnswerStep>,
) -> Result<Vec<StateView>> {
    let by_name = question.identifiers.is_empty();
    let names = if by_name { question.names.clone() } else { question.identifiers.clone() };
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let at = question.states_at();
    let of = workspace.clone();
    let asked = names.clone();
    let read = answers.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move { states(tx, &of, StatesOf::Named(asked), None, at).await })
    });
    let mut views = read.await?.data;
    // A word may be the name of a project; an issue is only meant by its identifier.
    views.retain(|view| !by_name || matches!(view.entity.entity_type.as_str(), "project" | "service"));
    views.retain(|view| question.is_history || at.is_some() || view.is_current);
    let is_asked = |view: &StateView| question.states.contains(&view.state.as_str());
    if views.iter().any(is_asked) {
        // Who has it belongs to its status.
        let goes_along = |view: &StateView| view.state == "assignee" && question.states == ["status"];
        views.retain(|view| is_asked(view) || goes_along(view) && !question.is_history && view.value.is_some());
    }
    views.truncate(STATES);
    if !views.is_empty() || !by_name {
        let at = at.map(|at| at.to_string());
        steps.push(AnswerStep { tool: "states".into(), args: json!({ "entities": names, "at": at }) });
    }
    Ok(views)
}

/// A passage of an observation, or of another result, of which the search has a part.
fn text_of(
    answers: &Answers,
    n: usize,
    detail: Option<ObservationDetail>,
    hit: Option<&SearchHit>,
    is_hit: bool,
) -> Option<PassageText> {
    let in_console = |id: &str| format!("{}{}", answers.base_url, page(id));
    if let Some(detail) = detail {
        let snippet = hit.map(|hit| hit.snippet.clone()).unwrap_or_default();
        let passage = AnswerPassage {
            n,
            id: detail.observation.id.to_string(),
            url: detail.observation.url.unwrap_or_else(|| in_console(detail.observation.id.as_str())),
            title: detail.observation.title,
            source: detail.observation.provider,
            event_type: detail.observation.event_type,
            occurred_at: detail.observation.occurred_at,
            snippet,
        };
        return Some(PassageText { passage, body: detail.body, is_hit });
    }
    let hit = hit?;
    let passage = AnswerPassage {
        n,
        id: hit.id.clone(),
        title: hit.title.clone(),
        url: hit.url.clone().unwrap_or_else(|| in_console(&hit.id)),
        source: hit.source.clone(),
        event_type: hit.event_type.clone(),
        occurred_at: hit.occurred_at,
        snippet: hit.snippet.clone(),
    };
    Some(PassageText { passage, body: hit.snippet.clone(), is_hit })
}
