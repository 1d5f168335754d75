//! The plan of a backfill: its stretches, and from when on each is pulled.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::{Error, Result, Timestamp};
use campanile_db::Tx;
use campanile_engine::NewEvent;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{BackfillEvent, BackfillRequest, REQUESTED, next_allowed_at};
use crate::connections::{Connection, ConnectionId, find};
use crate::connectors::Connectors;
use crate::connectors::new_connection::author;
use crate::pulls::queries;
use crate::pulls::stretches::queries::{self as stretches, NewStretch, covered_until};
use crate::pulls::{Backfill, BackfillId, Progress, PullMode, PullRunId};
use crate::remote::{HistoryKind, HistoryPlace};
use crate::sources::{self, Source, SourceId};

/// The depths of a backfill, in days.
pub const DEPTHS: [i64; 4] = [1, 7, 30, 90];
/// The most stretches of a backfill.
const STRETCHES: usize = 500;
/// The time by which a stretch overlaps the one before: a provider's list may be late.
const OVERLAP: Duration = Duration::from_secs(300);
/// The calls of an estimate, and the time for all of them.
const CALLS: usize = 50;
const CALLS_TIME: Duration = Duration::from_secs(20);

/// The stretches of a backfill that is not stored yet.
pub(in crate::connectors) struct Plan {
    depth: i64,
    stretches: Vec<(Source, HistoryKind, Timestamp)>,
}

/// The size of a backfill, as far as the provider tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BackfillEstimate {
    /// True while a backfill of the connection is active; another one is refused.
    pub is_active: bool,
    /// The time from which on a backfill may be asked for; `null` if it may be now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_allowed_at: Option<Timestamp>,
    /// The stretches that it would have.
    pub stretches: Vec<StretchEstimate>,
}

/// The size of a stretch.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StretchEstimate {
    /// The source.
    #[schema(value_type = String)]
    pub source_id: SourceId,
    /// The kind of thing.
    pub kind: &'static str,
    /// The time from which on it would be pulled.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// About the number of things; `null` if the provider does not tell.
    pub total: Option<i64>,
}

impl Connectors {
    /// Plans a backfill of those of `all` sources that the request names.
    pub(super) async fn plan(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        all: Vec<Source>,
        request: &BackfillRequest,
    ) -> Result<Plan> {
        if !DEPTHS.contains(&request.depth) {
            return Err(Error::invalid_field("depth", "must be 1, 7, 30 or 90"));
        }
        let kinds = self.chosen_kinds(connection, request.kinds.as_deref())?;
        let sources = chosen_sources(all, request.sources.as_deref())?;
        self.plan_of(tx, request.depth, kinds, sources).await
    }

    async fn plan_of(&self, tx: &mut Tx, depth: i64, kinds: Vec<HistoryKind>, sources: Vec<Source>) -> Result<Plan> {
        let days = u64::try_from(depth).map_err(Error::internal)?;
        let since = self.clock.now().minus(Duration::from_secs(days * 24 * 3_600));
        let mut stretches = Vec::new();
        for source in sources {
            let Some(resource) = &source.resource else { continue };
            for kind in kinds.iter().filter(|kind| kind.resource == resource.kind) {
                let (organisation, id) = (&source.organisation_id, &source.id);
                let covered = covered_until(tx, organisation, id, kind.name, since).await?;
                let since = covered.map_or(since, |until| until.minus(OVERLAP).max(since));
                stretches.push((source.clone(), *kind, since));
            }
        }
        if stretches.is_empty() {
            return Err(Error::invalid_field("sources", "have no history of these kinds"));
        }
        if stretches.len() > STRETCHES {
            let many =
                format!("have {} stretches of history; at most {STRETCHES} are pulled together", stretches.len());
            return Err(Error::invalid_field("sources", many));
        }
        Ok(Plan { depth, stretches })
    }

    fn chosen_kinds(&self, connection: &Connection, named: Option<&[String]>) -> Result<Vec<HistoryKind>> {
        let all = self.remote(connection.provider).map(|remote| remote.kinds()).unwrap_or_default();
        if all.is_empty() {
            return Err(Error::conflict(format!("{} has no history to pull", connection.provider.name())));
        }
        let Some(named) = named else { return Ok(all.iter().copied().filter(|kind| kind.is_default).collect()) };
        let names = || all.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        if let Some(unknown) = named.iter().find(|name| !all.iter().any(|kind| kind.name == **name)) {
            return Err(Error::invalid_field("kinds", format!("has {unknown:?}; the kinds are {}", names())));
        }
        // In the order of the connector: what others refer to comes first.
        Ok(all.iter().copied().filter(|kind| named.iter().any(|name| name == kind.name)).collect())
    }

    /// Begins a backfill of newly linked sources, if the settings and the provider allow it. It waits
    /// until another one of the connection has ended.
    pub(in crate::connectors) async fn begin_by_itself(
        &self,
        tx: &mut Tx,
        by: &Caller,
        connection: &Connection,
        linked: &[Source],
    ) -> Result<()> {
        let Some(depth) = self.settings.backfill_depth else { return Ok(()) };
        let Ok(kinds) = self.chosen_kinds(connection, None) else { return Ok(()) };
        let plan = match self.plan_of(tx, depth, kinds, linked.to_vec()).await {
            // Resources of this kind have no history.
            Err(Error::InvalidField { .. }) => return Ok(()),
            plan => plan?,
        };
        self.begin_backfill(tx, by, connection, plan, true).await?;
        Ok(())
    }

    /// Stores a backfill with its stretches, and sends the event that starts it.
    pub(super) async fn begin_backfill(
        &self,
        tx: &mut Tx,
        by: &Caller,
        connection: &Connection,
        plan: Plan,
        is_automatic: bool,
    ) -> Result<BackfillId> {
        let now = self.clock.now();
        let (requested_by, _) = author(by);
        let backfill = Backfill {
            id: BackfillId::new(now),
            organisation_id: connection.organisation_id.clone(),
            connection_id: connection.id.clone(),
            mode: PullMode::Backfill,
            depth: plan.depth,
            is_automatic,
            status: "active".to_owned(),
            reason: None,
            requested_by,
            created_at: now,
            finished_at: None,
            progress: Progress::default(),
        };
        let stretch = |(source, kind, since): (Source, HistoryKind, Timestamp)| NewStretch {
            id: PullRunId::new(now),
            source: source.id,
            workspace: source.workspace_id,
            kind: kind.name,
            since,
        };
        let planned: Vec<NewStretch> = plan.stretches.into_iter().map(stretch).collect();
        queries::insert(tx, &backfill).await?;
        stretches::insert(tx, &backfill, &planned).await?;
        let about = json!({
            "connection": connection.id, "provider": connection.provider, "account": connection.account_label,
            "depth": backfill.depth, "automatic": is_automatic,
        });
        activity::record(tx, &self.clock, by, Action::BackfillStarted, backfill.id.as_str(), about).await?;
        let data = BackfillEvent { backfill: backfill.id.to_string(), connection: connection.id.to_string() };
        self.engine.send(tx, NewEvent::new(REQUESTED, connection.organisation_id.as_str(), &data)).await?;
        Ok(backfill.id)
    }

    /// The size of a backfill that could be asked for, as far as the provider tells it within some
    /// seconds.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for another organisation's connection; otherwise like
    /// [`Connectors::request_backfill`].
    pub async fn estimate_backfill(
        &self,
        caller: &Caller,
        id: &ConnectionId,
        request: BackfillRequest,
    ) -> Result<BackfillEstimate> {
        caller.must(Permission::Configure)?;
        let (connectors, caller, id) = (self.clone(), caller.clone(), id.clone());
        let planned = self.db.read(move |tx| {
            Box::pin(async move {
                let organisation = &caller.organisation;
                let connection = find(tx, organisation, &id).await?;
                let is_active = queries::has_active(tx, organisation, &id).await?;
                let next = next_allowed_at(tx, organisation, &id).await?;
                let all = sources::of_connection(tx, organisation, &id).await?;
                let plan = connectors.plan(tx, &connection, all, &request).await?;
                Ok::<_, Error>((connection, is_active, next, plan))
            })
        });
        let (connection, is_active, next, plan) = planned.await?;
        let next_allowed_at = next.filter(|next| *next > self.clock.now());
        let stretches = self.sizes(&connection, plan).await;
        Ok(BackfillEstimate { is_active, next_allowed_at, stretches })
    }

    async fn sizes(&self, connection: &Connection, plan: Plan) -> Vec<StretchEstimate> {
        let (began, mut calls, mut estimates) = (Instant::now(), 0, Vec::new());
        for (source, kind, since) in plan.stretches {
            let mut total = None;
            if kind.has_total && calls < CALLS && began.elapsed() < CALLS_TIME {
                calls += 1;
                total = self.size(connection, &source, kind, since).await;
            }
            estimates.push(StretchEstimate { source_id: source.id, kind: kind.name, since, total });
        }
        estimates
    }

    async fn size(&self, connection: &Connection, source: &Source, kind: HistoryKind, since: Timestamp) -> Option<i64> {
        let resource = source.resource.as_ref()?;
        let place =
            HistoryPlace { kind: kind.name, resource: &resource.provider_id, name: resource.name.as_deref(), since };
        let remote = self.remote_of(connection.provider).ok()?;
        let access = self.access(connection).await.ok()?;
        remote.total(&access.api, place, self.clock.now()).await.ok().flatten()
    }
}

fn chosen_sources(all: Vec<Source>, named: Option<&[String]>) -> Result<Vec<Source>> {
    let Some(named) = named else {
        return match all.is_empty() {
            true => Err(Error::conflict("the connection has no linked sources")),
            false => Ok(all),
        };
    };
    let named: HashSet<&str> = named.iter().map(String::as_str).collect();
    let chosen: Vec<Source> = all.into_iter().filter(|source| named.contains(source.id.as_str())).collect();
    match chosen.len() == named.len() && !named.is_empty() {
        true => Ok(chosen),
        false => Err(Error::invalid_field("sources", "must be linked sources of this connection")),
    }
}
