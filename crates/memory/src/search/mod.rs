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
mod places;
mod query_vector;
mod ranking;
mod reply;
mod request;
mod rerank;
mod results;
mod similar;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;

use crate::Memory;
use crate::clusters::{self, ClusterName};
use crate::observations::ClusterId;
use crate::passages::{self, Owner, Passage};
use cached_index::Current;
use candidates::Candidates;
use neighbours::Neighbour;
use people::People;
use ranking::Ranking;
use request::{Conditions, ReadRequest};
use rerank::RerankOutcome;
use results::hit;

pub use merge::merge;
pub use reply::{
    ActorName, Confidence, DocumentName, Explanation, FacetView, HighlightView, Latency, RerankUse, SearchContext,
    SearchHit, SearchMeta, SearchReply, VectorUse,
};
pub use request::{DateRange, Kind, Mode, SearchFilters, SearchRequest, UnderstoodTime, named_time};
pub use results::page;
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
    let within = (memory, organisation, workspace);
    let ReadRequest { query, filter, time, conditions } = read(within, &request).await?;
    let current = index_of(within).await?;
    let state = current.state.clone();
    let has_changed = request.state.as_ref().is_some_and(|earlier| *earlier != state);
    let refreshed = Instant::now();
    let candidates = candidates::find(memory, organisation, current, query, filter, &request, time.is_some()).await?;
    let (spent, scored) = (candidates.spent, Instant::now());
    let rows = rows_of(within, candidates, &request).await?;
    let enriched = Instant::now();
    let mut ordered = in_order(rows, request, memory.clock.now()).await?;
    let reranked = order_anew(memory, organisation, &mut ordered).await;
    let (mut reply, ended) = (page_of(ordered, conditions).await?, Instant::now());
    let took = |from: Instant, until: Instant| (until - from).as_secs_f64() * 1_000.0;
    reply.latency = Latency {
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
    reply.meta.took = reply.latency.total;
    (reply.meta.time, reply.meta.rerank) = (time, reranked.used);
    (reply.meta.state, reply.meta.has_changed) = (state, has_changed);
    Ok(reply)
}

/// The memory of a workspace.
type Within<'m> = (&'m Memory, &'m OrganisationId, &'m WorkspaceId);

/// Reads the query with its filters: those by a person stand for all of their accounts, and those by a place for
/// the documents below it.
async fn read((memory, organisation, workspace): Within<'_>, request: &SearchRequest) -> Result<ReadRequest> {
    let mut read = request.read(memory.clock.now())?;
    people::widen(memory, organisation, &mut read.filter).await?;
    places::widen(memory, workspace, &mut read.filter).await?;
    Ok(read)
}

/// The index of the workspace, with everything that is committed.
async fn index_of((memory, organisation, workspace): Within<'_>) -> Result<Current> {
    let current = memory.indexes.current(&memory.db, workspace).await?;
    if current.lacks_segments {
        merge::soon(memory, organisation, workspace).await?;
    }
    Ok(current)
}

/// The candidates with their rows.
struct Rows {
    candidates: Candidates,
    passages: Vec<Passage>,
    neighbours: Vec<Neighbour>,
    people: People,
    clusters: Vec<ClusterName>,
}

/// The number of candidates that are read and ordered by more than their words.
fn read_depth(mode: Mode) -> usize {
    if mode == Mode::Thorough { READ_THOROUGHLY } else { READ }
}

/// Reads the rows of the best candidates, and for a question those that edges tie to them.
async fn rows_of(
    (memory, organisation, workspace): Within<'_>,
    candidates: Candidates,
    request: &SearchRequest,
) -> Result<Rows> {
    let depth = read_depth(request.mode).max((request.offset + request.limit) * MOST_PIECES);
    let numbers: Vec<u32> = candidates.list.iter().take(depth).map(|candidate| candidate.no).collect();
    let (now, wants_context) = (memory.clock.now(), request.include_context);
    // Plain words find what has them; a question may be answered by what does not repeat it.
    let follows = request.mode != Mode::Fast && candidates.query.is_question();
    let (of, whose) = (workspace.clone(), organisation.clone());
    let rows = memory.db.read_in_turn(organisation.as_str(), move |tx| {
        Box::pin(async move {
            let passages = passages::numbered(tx, &of, &numbers).await?;
            let neighbours = match follows {
                true => neighbours::read(tx, &of, &candidates, &passages).await?,
                false => Vec::new(),
            };
            let shown = passages.iter().chain(neighbours.iter().map(|neighbour| &neighbour.passage));
            let people = people::behind(tx, &whose, shown.filter(|_| wants_context)).await?;
            let clusters = match wants_context {
                true => named_clusters(tx, &of, &numbers, &passages, now).await?,
                false => Vec::new(),
            };
            Ok::<_, campanile_db::Error>(Rows { candidates, passages, neighbours, people, clusters })
        })
    });
    Ok(rows.await?)
}

/// All results in their order.
struct OrderedResults {
    request: SearchRequest,
    candidates: Candidates,
    ranking: Ranking,
    /// The number of the first results whose order does not depend on the limit of the search.
    among: usize,
    facets: Option<BTreeMap<String, Vec<FacetView>>>,
    people: People,
    clusters: Vec<ClusterName>,
}

/// Orders the results, away from the threads that serve requests: a deep page with a phrase reads a thousand
/// texts.
async fn in_order(rows: Rows, request: SearchRequest, now: Timestamp) -> Result<OrderedResults> {
    let ordered = tokio::task::spawn_blocking(move || {
        let Rows { candidates, passages, neighbours, people, clusters } = rows;
        let facets = request.facets.then(|| facets(&candidates));
        let read = read_depth(request.mode);
        let (ranking, among) = ranked(&candidates, (passages, neighbours), read, request.collapse, now);
        OrderedResults { request, candidates, ranking, among, facets, people, clusters }
    });
    ordered.await.map_err(Error::internal)
}

/// Lets the model that orders results order the first ones, if there is one.
async fn order_anew(memory: &Memory, organisation: &OrganisationId, ordered: &mut OrderedResults) -> RerankOutcome {
    let query = &ordered.candidates.query;
    // Without words there is nothing to be relevant for.
    let among = if query.is_without_words() { 0 } else { ordered.among };
    let asked = (query.text.as_str(), ordered.request.mode);
    rerank::rerank(memory, organisation, asked, &mut ordered.ranking.ranked, among).await
}

/// The reply, without its times. Snippets are found away from the threads that serve requests.
async fn page_of(ordered: OrderedResults, conditions: Conditions) -> Result<SearchReply> {
    let made = tokio::task::spawn_blocking(move || {
        let OrderedResults { request, candidates, ranking, facets, people, clusters, .. } = ordered;
        let mut context = request.include_context.then(|| people::context(&ranking.ranked, &people));
        if let Some(context) = &mut context {
            context.clusters = clusters;
        }
        let (data, mut meta) = results_of(&request, &candidates, ranking);
        if data.is_empty() {
            meta.unmet = candidates.unmet(&conditions);
        }
        SearchReply { data, context, facets, meta, latency: Latency::default() }
    });
    made.await.map_err(Error::internal)
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
fn results_of(request: &SearchRequest, candidates: &Candidates, ranking: Ranking) -> (Vec<SearchHit>, SearchMeta) {
    let Ranking { ranked, confidence, .. } = ranking;
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
        state: String::new(),
        has_changed: false,
    };
    (data, meta)
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
