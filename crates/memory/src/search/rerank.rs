//! The last step of a search: a model that reads the query and each text together orders the best ones.
//!
//! Its order is taken, and its relevance is the score. Whatever goes wrong, the order that was there stays.
//! The texts that it is sent do not depend on the limit of the search, so neither do the first results.

use std::time::{Duration, Instant};

use campanile_accounts::OrganisationId;
use campanile_models::usage::{Count, Purpose};

use super::ranking::Ranked;
use super::reply::RerankUse;
use super::request::Mode;
use crate::Memory;

/// The texts that are sent, and the time for them.
const BALANCED: (usize, Duration) = (50, Duration::from_millis(800));
const THOROUGH: (usize, Duration) = (100, Duration::from_secs(2));

/// The part of the model in an answer, and its time in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RerankOutcome {
    pub(super) used: RerankUse,
    pub(super) took: f64,
}

/// Puts the first `among` results into the order of the model, if one is set and the mode asks for it.
pub(super) async fn rerank(
    memory: &Memory,
    organisation: &OrganisationId,
    (query, mode): (&str, Mode),
    ranked: &mut [Ranked],
    among: usize,
) -> RerankOutcome {
    let (most, time) = match mode {
        Mode::Fast => return RerankOutcome::default(),
        Mode::Balanced => BALANCED,
        Mode::Thorough => THOROUGH,
    };
    let among = among.min(most).min(ranked.len());
    let Some(reranker) = memory.reranker.as_ref().filter(|_| among > 1) else { return RerankOutcome::default() };
    let texts: Vec<String> = ranked[..among].iter().map(|ranked| ranked.passage.embedded_text()).collect();
    let began = Instant::now();
    let outcome = reranker.rank(query, &texts, time).await;
    let used = match outcome {
        Ok(order) => {
            memory.meter.note(organisation, Purpose::Rerank, Count::read(1, order.tokens));
            take(ranked, &order.relevance);
            RerankUse::Used
        }
        Err(error) => {
            tracing::warn!(%error, "the results keep the order of the search");
            RerankUse::Failed
        }
    };
    RerankOutcome { used, took: began.elapsed().as_secs_f64() * 1_000.0 }
}

/// Orders the first results by their relevance. Equal ones keep their order, and no later one has a higher
/// score.
fn take(ranked: &mut [Ranked], relevance: &[f32]) {
    let (first, rest) = ranked.split_at_mut(relevance.len());
    for (ranked, relevance) in first.iter_mut().zip(relevance) {
        ranked.score = relevance.clamp(0.0, 1.0);
        ranked.explanation.rerank = Some(*relevance);
    }
    let relevance = |ranked: &Ranked| ranked.explanation.rerank.unwrap_or(f32::MIN);
    first.sort_by(|one, other| relevance(other).total_cmp(&relevance(one)));
    let lowest = first.last().map_or(1.0, |last| last.score);
    rest.iter_mut().for_each(|ranked| ranked.score = ranked.score.min(lowest));
}
