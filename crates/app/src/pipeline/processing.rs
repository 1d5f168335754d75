//! Reads deliveries, and remembers what those tell that were read at the same time.

use std::collections::BTreeMap;
use std::sync::Arc;

use campanile_accounts::live::LiveEventKind;
use campanile_accounts::organisations;
use campanile_base::Result;
use campanile_base::source_event::SourceEvent;
use campanile_db::Tx;
use campanile_engine::Outcome;
use campanile_inbound::deliveries::{self, Delivery, Settlement};
use campanile_inbound::github::pushes::DefaultBranchPush;
use campanile_inbound::repositories::{self, RepositoryChange};
use campanile_inbound::{NormalForm, ProcessArgs};
use campanile_memory::{Observation, RememberOutcome, remember_from_sources};

use super::announcement::{captured, history_captured};
use crate::{App, document_sync};

/// A delivery that was read.
pub(super) struct ReadDelivery {
    /// Without its body.
    delivery: Delivery,
    form: Form,
}

/// The content of a delivery, as it is remembered.
enum Form {
    Events {
        events: Vec<SourceEvent>,
        changes: Vec<RepositoryChange>,
        /// The files that it changed may be documents.
        push: Option<DefaultBranchPush>,
    },
    /// It names things without their content, which is fetched first.
    Reference,
    /// There is nothing to remember.
    Nothing(Settlement),
}

pub(super) async fn process(app: App, ProcessArgs { delivery }: ProcessArgs) -> Result<Outcome> {
    let Some((delivery, normalised)) = app.intake.normalise(delivery).await? else { return Ok(Outcome::done()) };
    let form = match normalised {
        Ok(NormalForm::Events { events, changes, push }) => Form::Events { events, changes, push },
        Ok(NormalForm::Reference) => Form::Reference,
        Ok(NormalForm::Skipped(reason)) => Form::Nothing(Settlement::Skipped(reason)),
        // A payload that cannot be read now will not be readable later.
        Err(error) => Form::Nothing(Settlement::Failed(error.to_string())),
    };
    Ok(Outcome::done().noting(ReadDelivery { delivery, form }))
}

/// The end of a delivery.
struct DeliveryEnd<'d> {
    delivery: &'d Delivery,
    settlement: Settlement,
    /// The number of its events that were new.
    remembered: usize,
}

/// Remembers what deliveries tell, and stores their results.
pub(super) async fn settle(tx: &mut Tx, app: &App, read: &[Arc<ReadDelivery>]) -> Result<()> {
    let mut by_workspace: BTreeMap<&str, Vec<&ReadDelivery>> = BTreeMap::new();
    let mut ends = Vec::with_capacity(read.len());
    for one in read {
        match &one.form {
            Form::Events { .. } => by_workspace.entry(one.delivery.workspace_id.as_str()).or_default().push(one),
            Form::Reference => {
                app.connectors.request_content(tx, &one.delivery).await?;
                ends.push(DeliveryEnd { delivery: &one.delivery, settlement: Settlement::Processed, remembered: 0 });
            }
            Form::Nothing(settlement) => {
                let settlement = settlement.clone();
                ends.push(DeliveryEnd { delivery: &one.delivery, settlement, remembered: 0 });
            }
        }
    }
    // All of them first, and in order: nodes that remember for the same workspaces wait one behind the other.
    for workspace in by_workspace.keys() {
        tx.lock(workspace).await?;
    }
    for mut told in by_workspace.into_values() {
        told.sort_by_key(|one| (one.delivery.received_at, one.delivery.id.clone()));
        ends.extend(remember_all(tx, app, &told).await?);
    }
    let rows: Vec<(&str, &Settlement)> = ends.iter().map(|end| (end.delivery.id.as_str(), &end.settlement)).collect();
    deliveries::settle(tx, &rows, app.clock.now()).await?;
    for DeliveryEnd { delivery, settlement, remembered } in ends.iter().filter(|end| end.delivery.origin.is_history()) {
        let (organisation, is_lost) = (&delivery.organisation_id, matches!(settlement, Settlement::Failed(_)));
        app.connectors.count_processed(tx, organisation, &delivery.delivery_id, *remembered, is_lost).await?;
    }
    let (live, read) = (app.live.clone(), read.to_vec());
    tx.after_commit(move || {
        for Delivery { organisation_id, workspace_id, id, .. } in read.iter().map(|one| &one.delivery) {
            live.tell(organisation_id, workspace_id, LiveEventKind::Delivery, id.as_str());
        }
    });
    Ok(())
}

/// Remembers what deliveries of one workspace tell, in the order in which they arrived.
async fn remember_all<'d>(tx: &mut Tx, app: &App, told: &[&'d ReadDelivery]) -> Result<Vec<DeliveryEnd<'d>>> {
    let Some(first) = told.first().map(|one| &one.delivery) else { return Ok(Vec::new()) };
    let (organisation, workspace) = (&first.organisation_id, &first.workspace_id);
    let (mut all, mut numbers, mut brought_by) = (Vec::new(), Vec::with_capacity(told.len()), Vec::new());
    for ReadDelivery { delivery, form } in told.iter().copied() {
        let Form::Events { events, changes, push } = form else { continue };
        repositories::apply(tx, &app.clock, organisation, &delivery.source_id, changes).await?;
        if let Some(push) = push {
            document_sync::request_syncs(tx, app, delivery, push).await?;
        }
        numbers.push((delivery, events.len()));
        all.extend_from_slice(events);
        brought_by.extend(std::iter::repeat_n(delivery.source_id.as_str(), events.len()));
    }
    repositories::names::resolve(tx, workspace, &mut all).await?;
    let outcomes = remember_from_sources(tx, &app.memory, organisation, workspace, &all, &brought_by).await?;
    let mut outcomes = outcomes.into_iter();
    let (mut news, mut history, mut ends) = (Vec::new(), Vec::new(), Vec::with_capacity(numbers.len()));
    for (delivery, events) in numbers {
        let new = outcomes.by_ref().take(events).filter_map(RememberOutcome::into_new).map(|new| *new);
        let new: Vec<Observation> = new.collect();
        let settlement = match new.is_empty() {
            true => Settlement::Skipped("what it tells of was remembered before".to_owned()),
            false => Settlement::Processed,
        };
        ends.push(DeliveryEnd { delivery, settlement, remembered: new.len() });
        if delivery.origin.is_history() { history.extend(new) } else { news.extend(new) }
    }
    history_captured(tx, app, organisation, workspace, &history);
    if !news.is_empty() {
        let workspace = organisations::workspace(tx, workspace).await?;
        captured(tx, app, &workspace, news).await?;
    }
    Ok(ends)
}
