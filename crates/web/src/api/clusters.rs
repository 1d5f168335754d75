//! Clusters: what is about one thing, and the observations of it.

use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use campanile_base::{Error, Result, Thing};
use campanile_http::Web;
use campanile_http::body::Json;
use campanile_http::caller::{Authenticated, workspace};
use campanile_http::error::ApiResult;
use campanile_memory::Observation;
use campanile_memory::clusters::{self, Cluster, ClusterDetail, ClusterFilter, ClusterStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::page::{List, PageView, Paging, SOURCES, Within, one_of, time};

/// The fewest observations of a listed cluster, if nothing is said: one alone is no cluster to look at.
const FEWEST: i64 = 2;

/// Filters of the list of clusters. All that are given must match.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClusterQuery {
    /// `active`, `completed` or `stalled`.
    status: Option<String>,
    /// Only clusters with an observation from this time on: RFC 3339, or a date such as 2026-11-02.
    since: Option<String>,
    /// Only clusters with an observation before this time: RFC 3339, or a date.
    until: Option<String>,
    /// A provider of which they have observations, such as `github`.
    source: Option<String>,
    /// A person with observations in them, by an id (`github:123`), a name or a mail address of any of their accounts.
    actor: Option<String>,
    /// The fewest observations; 2 when absent.
    min_observations: Option<i64>,
}

impl ClusterQuery {
    fn filter(self) -> Result<ClusterFilter> {
        let status = match self.status {
            None => None,
            Some(word) => Some(
                ClusterStatus::parse(&word)
                    .ok_or_else(|| Error::invalid_field("status", "must be active, completed or stalled"))?,
            ),
        };
        let min_observations = self.min_observations.unwrap_or(FEWEST);
        if min_observations < 1 {
            return Err(Error::invalid_field("min_observations", "must be at least 1"));
        }
        Ok(ClusterFilter {
            status,
            since: time("since", self.since)?,
            until: time("until", self.until)?,
            source: one_of("source", self.source, &SOURCES)?,
            actor: self.actor,
            min_observations,
        })
    }
}

/// A cluster with a page of its observations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterView {
    #[serde(flatten)]
    cluster: Cluster,
    /// Its observations, newest first.
    observations: PageView<Observation>,
}

impl From<ClusterDetail> for ClusterView {
    fn from(ClusterDetail { cluster, observations }: ClusterDetail) -> Self {
        Self { cluster, observations: PageView::of(List::ClusterObservations, observations) }
    }
}

/// Clusters of observations that are about one thing, those with the latest observations first.
#[utoipa::path(get, path = "/api/clusters", tag = "clusters", params(ClusterQuery, Paging),
    responses((status = 200, body = PageView<Cluster>)))]
pub(super) async fn list(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Query(wanted): Query<ClusterQuery>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<Cluster>>> {
    let (from, size) = paging.read(List::Clusters)?;
    let filter = wanted.filter()?;
    let workspace = workspace(&web.app, &caller, paging.workspace.as_deref()).await?;
    let (now, organisation) = (web.app.clock.now(), caller.organisation.clone());
    let page = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { clusters::page(tx, (&organisation, &workspace.id), &filter, now, (&from, size)).await })
    });
    Ok(Json(PageView::of(List::Clusters, page.await?)))
}

/// A cluster, with its observations. One that was joined with another leads there.
#[utoipa::path(get, path = "/api/clusters/{id}", tag = "clusters", params(Paging),
    responses((status = 200, body = ClusterView), (status = 308, description = "it was joined with another cluster"),
        (status = 404)))]
pub(super) async fn get(
    State(web): State<Web>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Query(paging): Query<Paging>,
) -> ApiResult<Response> {
    let (from, size) = paging.read(List::ClusterObservations)?;
    let (named, wanted, asked) = (Within { workspace: paging.workspace }, id.clone(), id.clone());
    let look = named.of(&web, &caller, Thing::Cluster, |tx, organisation| {
        Box::pin(async move { clusters::workspace_of(tx, &organisation, &wanted).await })
    });
    let (workspace, now) = (look.await?, web.app.clock.now());
    let found = web.app.db.read_in_turn(caller.organisation.as_str(), move |tx| {
        Box::pin(async move { clusters::detail(tx, &workspace, &id, now, (&from, size)).await })
    });
    let found = found.await?;
    if found.cluster.id.as_str() != asked {
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        return Ok(Redirect::permanent(&format!("/api/clusters/{}{query}", found.cluster.id)).into_response());
    }
    Ok(Json(ClusterView::from(found)).into_response())
}
