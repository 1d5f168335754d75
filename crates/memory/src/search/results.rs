//! Results as they are told: the fields of a passage and of its owner.

use campanile_base::source_event::Reference;
use campanile_search::{Found, Query};

use super::candidates::Candidates;
use super::ranking::{self, Ranked};
use super::reply::{ActorName, DocumentName, HighlightView, SearchHit};
use super::request::{Kind, SearchRequest};
use crate::documents::document::{Chunk, Document};
use crate::observations::ClusterId;
use crate::passages::{ObservationPiece, Owner, Passage, SummaryPiece};

/// A result, with the part of its text that fits best.
pub(super) fn hit(ranked: Ranked, request: &SearchRequest, candidates: &Candidates) -> SearchHit {
    let Ranked { passage, score, explanation } = ranked;
    let snippet = ranking::snippet(&candidates.query, &candidates.found, &passage);
    let highlights = snippet.highlights.iter().map(|mark| HighlightView { start: mark.start, end: mark.end });
    SearchHit {
        score,
        highlights: if request.include_highlights { highlights.collect() } else { Vec::new() },
        snippet: snippet.text,
        explain: request.explain.then_some(explanation),
        ..of_passage(passage)
    }
}

/// A result that no words have led to: it shows the begin of its text.
pub(super) fn plain_hit(ranked: Ranked) -> SearchHit {
    let snippet = ranking::snippet(&Query::default(), &Found::default(), &ranked.passage);
    SearchHit { score: ranked.score.clamp(0.0, 1.0), snippet: snippet.text, ..of_passage(ranked.passage) }
}

/// The page of a result in the console, behind the server's address.
pub fn page(id: &str) -> String {
    match id.split_once('#') {
        Some((document, passage)) => format!("/documents/{document}?passage={passage}"),
        None if id.starts_with("doc_") => format!("/documents/{id}"),
        None if id.starts_with("cl_") => format!("/clusters/{id}"),
        None => format!("/observations/{id}"),
    }
}

/// The fields of a result that come from its passage.
fn of_passage(passage: Passage) -> SearchHit {
    let (occurred_at, actor) = (passage.occurred_at(), actor(&passage));
    let owner = match passage.owner {
        Owner::Observation(piece) => of_observation(*piece),
        Owner::Document(owner) => of_document(passage.no, *owner),
        Owner::Summary(piece) => of_summary(*piece),
    };
    SearchHit {
        id: owner.id,
        kind: owner.kind,
        title: owner.title,
        headings: owner.headings,
        url: owner.url,
        score: 0.0,
        source: owner.source,
        event_type: owner.event_type,
        occurred_at,
        significance: owner.significance,
        actor,
        document: owner.document,
        cluster_id: owner.cluster_id,
        same_cluster: None,
        references: owner.references,
        highlights: Vec::new(),
        snippet: String::new(),
        explain: None,
    }
}

/// The fields of a result that come from the owner of the passage.
struct OwnerFields {
    id: String,
    kind: Kind,
    title: String,
    headings: Vec<String>,
    url: Option<String>,
    source: String,
    event_type: String,
    significance: Option<i64>,
    document: Option<DocumentName>,
    cluster_id: Option<ClusterId>,
    references: Vec<Reference>,
}

fn of_observation(ObservationPiece { observation, references, .. }: ObservationPiece) -> OwnerFields {
    OwnerFields {
        id: observation.id.to_string(),
        kind: Kind::Observation,
        title: observation.title,
        headings: Vec::new(),
        url: observation.url,
        source: observation.provider,
        event_type: observation.event_type,
        significance: Some(observation.significance),
        document: None,
        cluster_id: observation.cluster_id,
        references,
    }
}

fn of_document(no: u32, (chunk, document): (Chunk, Document)) -> OwnerFields {
    OwnerFields {
        id: format!("{}#{no}", document.id),
        kind: Kind::Chunk,
        headings: chunk.headings.into_iter().skip(1).collect(),
        url: document.url,
        source: document.source,
        event_type: format!("document.{}", document.format),
        document: Some(DocumentName { id: document.id.to_string(), path: document.path, passage: no }),
        title: document.title,
        significance: None,
        cluster_id: None,
        references: Vec::new(),
    }
}

fn of_summary(piece: SummaryPiece) -> OwnerFields {
    OwnerFields {
        kind: Kind::Summary,
        title: piece.title,
        headings: Vec::new(),
        url: None,
        source: piece.sources.into_iter().next().unwrap_or_default(),
        event_type: "cluster.summary".to_owned(),
        significance: None,
        document: None,
        cluster_id: Some(ClusterId::from(piece.cluster.clone())),
        id: piece.cluster,
        references: Vec::new(),
    }
}

/// The person behind a passage.
pub(super) fn actor(passage: &Passage) -> Option<ActorName> {
    let actor = passage.actor()?;
    Some(ActorName { id: actor.actor_id.clone(), name: actor.told.name.clone() })
}
