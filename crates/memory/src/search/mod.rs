//! Search: finds observations, documents and summaries of clusters by words, identifiers and filters.
//!
//! # A search
//! 1. The query is read: words, phrases, filters.
//! 2. The [index of the workspace](cached_index) takes in what was committed since it was used last.
//! 3. It scores all passages that fit, and gives the best thousand. A query of identifiers alone
//!    (`ABC-123`) is first asked for whole: passages with `abc` or `123` are no answer.
//! 4. Other queries get a vector, and the two hundred passages whose vectors are nearest join the
//!    [candidates](fusion).
//! 5. The rows of the best are read, for a question with their [neighbours] in the graph, and [ordered](ranking) by more than that.
//! 6. If a model for it is set, it [orders](rerank) the first of them anew.
//!
//! Scoring and ordering run on blocking threads; as many searches score at a time as there are
//! processors. A search that waits longer than a moment is told to come again.
//!
//! # The index
//! Row and index cannot differ: the passages' rows are the log, and everything else is derived from
//! it. [`segments`](crate::segments) are ranges of passages that were indexed once; the
//! [merge job](mod@merge) makes them. Newer passages are indexed by each node when it is asked.

pub(crate) mod cached_index;
mod candidates;
mod dates;
mod fusion;
mod kinds;
pub(crate) mod merge;
mod neighbours;
mod people;
mod query_vector;
mod ranking;
mod request;
mod rerank;
mod similar;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::source_event::Reference;
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;

use campanile_search::{Found, Query};

use crate::Memory;
use crate::clusters::{self, ClusterName};
use crate::documents::document::{Chunk, Document};
use crate::documents::reading;
use crate::observations::ClusterId;
use crate::passages::{self, ObservationPiece, Owner, Passage, SummaryPiece};
use candidates::Candidates;
use neighbours::Neighbour;
use people::People;
use ranking::{Ranked, Ranking};

pub use merge::merge;
pub use request::{
    ActorName, Confidence, DateRange, DocumentName, Explanation, FacetView, HighlightView, Kind, Latency, Mode,
    RerankUse, SearchContext, SearchFilters, SearchHit, SearchMeta, SearchReply, SearchRequest, UnderstoodTime,
    VectorUse,
};
pub use similar::{SimilarReply, SimilarRequest, similar};

/// The names of filters in the text of a query.
const FIELDS: &[&str] =
    &["source", "type", "kind", "document", "actor", "topic", "category", "after", "since", "before", "until"];
/// The kinds of tags by which results can be narrowed, and the most values of each.
const FACETS: &[&str] = &["kind", "source", "type", "category", "topic"];
const MOST_FACETS: usize = 12;
/// The longest query, in characters.
const LONGEST_QUERY: usize = 1_000;
/// The most values of a filter.
const MOST_VALUES: usize = 100;
/// The results of a search that can be had, over all pages.
const MOST_RESULTS: usize = 200;
/// The candidates of a search: the depth does not depend on the limit. An observation has up to five
/// passages, so these are results enough.
const MOST_HITS: usize = MOST_RESULTS * MOST_PIECES;
const MOST_PIECES: usize = passages::MOST_PIECES;
/// The candidates that are read and ordered by more than their words.
const READ: usize = 50;
/// The same when the mode is thorough.
const READ_THOROUGHLY: usize = 200;
/// The clusters of the context, and those that are read: most have one observation.
const MOST_CLUSTERS: usize = 2;
const MOST_CLUSTERS_READ: usize = 10;
/// The longest wait for a processor.
const PATIENCE: Duration = Duration::from_millis(250);

/// Searches a workspace.
///
/// # Errors
/// `Invalid` for a query or filter out of bounds; `TooMany` when all processors are busy with
/// searches.
pub async fn search(
    memory: &Memory,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    request: SearchRequest,
) -> Result<SearchReply> {
    let began = Instant::now();
    let (query, mut filter, time) = request.read(memory.clock.now())?;
    // As they were written: what a person's other accounts are called is not told.
    let mut conditions = filter.tags.clone();
    people::widen(memory, organisation, &mut filter).await?;
    let named = &request.filters.documents;
    if !named.is_empty() {
        let tags = |names: &[String]| names.iter().map(|name| format!("document:{name}")).collect::<Vec<_>>();
        let ids = reading::ids_of(&memory.db, workspace, named).await?;
        conditions.push(tags(named));
        // A place without documents is a tag that nothing has.
        filter.tags.push(tags(if ids.is_empty() { named } else { &ids }));
    }
    let current = memory.indexes.current(&memory.db, workspace).await?;
    if current.lacks_segments {
        merge::soon(memory, organisation, workspace).await?;
    }
    let refreshed = Instant::now();
    let candidates = candidates::find(memory, organisation, current, query, filter, &request, time.is_some()).await?;
    let scored = Instant::now();
    let read = if request.mode == Mode::Thorough { READ_THOROUGHLY } else { READ };
    let depth = read.max((request.offset + request.limit) * MOST_PIECES);
    let numbers: Vec<u32> = candidates.list.iter().take(depth).map(|candidate| candidate.no).collect();
    let of = workspace.clone();
    let (now, wants_context) = (memory.clock.now(), request.include_context);
    // Plain words find what has them; a question may be answered by what does not repeat it.
    let follows = request.mode != Mode::Fast && candidates.query.is_question();
    let whose = organisation.clone();
    let rows = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let rows = passages::numbered(tx, &of, &numbers).await?;
            let neighbours = match follows {
                true => neighbours::read(tx, &of, &candidates, &rows).await?,
                false => Vec::new(),
            };
            let shown = rows.iter().chain(neighbours.iter().map(|neighbour| &neighbour.passage));
            let people = people::behind(tx, &whose, shown.filter(|_| wants_context)).await?;
            let named = if wants_context { named_clusters(tx, &of, &numbers, &rows, now).await? } else { Vec::new() };
            Ok::<_, campanile_db::Error>((candidates, rows, neighbours, (people, named)))
        })
    });
    let (candidates, rows, neighbours, (people, named)) = rows.await?;
    let enriched = Instant::now();
    // A deep page with a phrase reads a thousand texts.
    let spent = candidates.spent;
    let ranking = tokio::task::spawn_blocking(move || {
        let facets = request.facets.then(|| facets(&candidates));
        let ranked = ranked(&candidates, (rows, neighbours), read, request.collapse, now);
        (facets, ranked, candidates, request)
    });
    let (facets, (mut ranking, among), candidates, request) = ranking.await.map_err(Error::internal)?;
    // Without words there is nothing to be relevant for.
    let among = if candidates.query.is_without_words() { 0 } else { among };
    let asked = (candidates.query.text.as_str(), request.mode);
    let reranked = rerank::rerank(memory, organisation, asked, &mut ranking.ranked, among).await;
    let ordered = tokio::task::spawn_blocking(move || {
        let (data, context, mut meta) = ordered(&request, &candidates, ranking, &people);
        if data.is_empty() {
            meta.unmet = candidates.unmet(&conditions);
        }
        (data, context, meta)
    });
    let (data, mut context, mut meta) = ordered.await.map_err(Error::internal)?;
    if let Some(context) = &mut context {
        context.clusters = named;
    }
    meta.rerank = reranked.used;
    let took = |from: Instant, until: Instant| (until - from).as_secs_f64() * 1_000.0;
    let ended = Instant::now();
    let latency = Latency {
        total: took(began, ended),
        refresh: took(began, refreshed),
        embedding: spent.embedding,
        lexical: spent.lexical,
        vector: spent.vector,
        enrich: took(scored, enriched),
        rank: took(enriched, ended) - reranked.took,
        rerank: reranked.took,
    };
    metrics::histogram!("campanile_search_seconds").record((ended - began).as_secs_f64());
    meta.took = latency.total;
    meta.time = time;
    Ok(SearchReply { data, context, facets, meta, latency })
}

/// The values by which the candidates can be narrowed.
fn facets(candidates: &Candidates) -> BTreeMap<String, Vec<FacetView>> {
    let views = |kind: &&str| {
        let facets = candidates.facets(kind, MOST_FACETS).into_iter();
        facets.map(|facet| FacetView { value: facet.value, passages: facet.passages }).collect()
    };
    FACETS.iter().map(|kind| ((*kind).to_owned(), views(kind))).collect()
}

/// All results in order, with their scores, and the number of those whose order does not depend on the limit of
/// the search.
fn ranked(
    candidates: &Candidates,
    (rows, neighbours): (Vec<Passage>, Vec<Neighbour>),
    read: usize,
    collapse: bool,
    now: Timestamp,
) -> (Ranking, usize) {
    let mut ranking = ranking::rank(candidates, (rows, neighbours), read, now);
    let first: HashSet<u32> = ranking.ranked.iter().take(read).map(|ranked| ranked.passage.no).collect();
    if collapse {
        ranking.ranked = ranking::collapsed(ranking.ranked);
    }
    ranking.ranked.iter_mut().for_each(|ranked| ranked.score = (ranked.score * ranking.fit).clamp(0.0, 1.0));
    let among = ranking.ranked.iter().take_while(|ranked| first.contains(&ranked.passage.no)).count();
    (ranking, among)
}

/// The results of a page, with all that is told of them but the time.
fn ordered(
    request: &SearchRequest,
    candidates: &Candidates,
    ranking: Ranking,
    people: &People,
) -> (Vec<SearchHit>, Option<SearchContext>, SearchMeta) {
    let Ranking { ranked, confidence, .. } = ranking;
    let context = request.include_context.then(|| people::context(&ranked, people));
    let results = ranked.len();
    let page = ranked.into_iter().skip(request.offset).take(request.limit);
    let data: Vec<SearchHit> = page.map(|ranked| hit(ranked, request, candidates)).collect();
    let meta = SearchMeta {
        // Results that are only similar, or tied to others, have none of the words.
        total: match candidates.found.total {
            0 => candidates.list.len().max(results),
            total => total.max(results),
        },
        total_is_exact: candidates.query.phrases.is_empty() && candidates.found.total >= results,
        limit: request.limit,
        offset: request.offset,
        took: 0.0,
        mode: request.mode,
        confidence,
        unmet: Vec::new(),
        vector: candidates.vector,
        time: None,
        embedded: candidates.embedded,
        rerank: RerankUse::Off,
    };
    (data, context, meta)
}

fn hit(ranked: Ranked, request: &SearchRequest, candidates: &Candidates) -> SearchHit {
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
fn plain_hit(ranked: Ranked) -> SearchHit {
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
        url: references.iter().find_map(|reference| reference.url.clone()),
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

fn actor(passage: &Passage) -> Option<ActorName> {
    let actor = passage.actor()?;
    Some(ActorName { id: actor.actor_id.clone(), name: actor.told.name.clone() })
}

/// The clusters of the best candidates: of those that count for more, an earlier one counts for more.
async fn named_clusters(
    tx: &mut Tx,
    workspace: &WorkspaceId,
    numbers: &[u32],
    rows: &[Passage],
    now: Timestamp,
) -> campanile_db::Result<Vec<ClusterName>> {
    let by_number: HashMap<u32, &Passage> = rows.iter().map(|passage| (passage.no, passage)).collect();
    let mut weights: HashMap<&ClusterId, f32> = HashMap::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for (place, no) in numbers.iter().take(READ).enumerate() {
        let Some(Passage { owner: Owner::Observation(piece), .. }) = by_number.get(no) else { continue };
        let Some(cluster) = piece.observation.cluster_id.as_ref() else { continue };
        if seen.insert(piece.observation.id.as_str()) {
            *weights.entry(cluster).or_default() += 1.0 / (place as f32 + 1.0);
        }
    }
    let mut best: Vec<(&ClusterId, f32)> = weights.into_iter().collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    best.truncate(MOST_CLUSTERS_READ);
    let ids: Vec<&ClusterId> = best.iter().map(|(id, _)| *id).collect();
    let mut named = clusters::named(tx, workspace, &ids, now).await?;
    named.retain(|cluster| cluster.observation_count >= 2);
    named.sort_by_key(|cluster| ids.iter().position(|id| **id == cluster.id));
    named.truncate(MOST_CLUSTERS);
    Ok(named)
}
