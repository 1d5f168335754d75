//! Commits of a run that also affect others: the run listens, starts another workflow, or its end
//! has further effects. All of it commits together, in a transaction of its own.

use std::sync::Arc;

use campanile_base::Timestamp;
use campanile_db::Tx;

use super::journal::Listen;
use crate::event::Event;
use crate::flow::admission::{self, Request};
use crate::lifecycle;
use crate::node::commit::apply_one;
use crate::node::listen;
use crate::node::shared::Shared;
use crate::run::Run;
use crate::run_commit::{Next, RunCommit};
use crate::store::events;
use crate::store::steps::StepState;

/// The changes of a commit beside the run's own rows.
pub(super) struct CrossRunEffects {
    pub(super) listen: Vec<(String, Listen)>,
    pub(super) unlisten: Vec<String>,
    pub(super) invoke: Vec<(String, String, String)>,
}

/// Commits both. Returns two values: `true` if the run still belongs to its owner, and `true` if a
/// result came for it.
pub(super) async fn commit(
    shared: &Arc<Shared>,
    commit: Arc<RunCommit>,
    effects: Arc<CrossRunEffects>,
) -> campanile_base::Result<(bool, bool)> {
    let (within, now) = (shared.clone(), shared.engine.clock.now());
    let body =
        shared.engine.db.write(move |tx| Box::pin(async move { effects.apply(tx, &within, &commit, now).await }));
    body.await
}

impl CrossRunEffects {
    async fn apply(
        &self,
        tx: &mut Tx,
        shared: &Shared,
        commit: &Arc<RunCommit>,
        now: Timestamp,
    ) -> campanile_base::Result<(bool, bool)> {
        let (engine, run) = (&shared.engine, &*commit.run);
        // Lock before any row is locked: senders of the event hold this lock when they lock rows of
        // runs.
        for (_, listen) in &self.listen {
            listen::lock_to_listen(tx, &run.tenant, &listen.event, &listen.equal).await?;
        }
        if !apply_one(tx, engine, commit, now).await? {
            return Ok((false, false));
        }
        let mut poked = false;
        for key in &self.unlisten {
            events::stop_listening(tx, &run.id, key).await?;
        }
        for (key, listen) in &self.listen {
            poked |= listen::listen(tx, engine, &run.id, &run.tenant, (key, listen), now).await?;
        }
        for (key, name, input) in &self.invoke {
            poked |= invoke(tx, shared, run, (key, name, input), now).await?;
        }
        if let Next::End(ended) = &commit.next {
            let result = match (&ended.output, &ended.error) {
                (Some(output), _) => Ok(output.as_str()),
                (None, error) => Err(error.as_deref().unwrap_or_default()),
            };
            lifecycle::follow_up(tx, engine, run, ended.status, result, now).await?;
        }
        Ok((true, poked))
    }
}

/// Starts another workflow, whose result becomes the result of this run's step. Returns `true` if
/// the step has already ended.
async fn invoke(
    tx: &mut Tx,
    shared: &Shared,
    run: &Run,
    (key, name, input): (&str, &str, &str),
    now: Timestamp,
) -> campanile_base::Result<bool> {
    let engine = &shared.engine;
    let data = serde_json::from_str(input).map_err(campanile_base::Error::internal)?;
    let request = Request {
        tenant: run.tenant.clone(),
        event: Event::call(data, now),
        cause: "invoke",
        parent: Some((run.id.clone(), key.to_owned())),
        due: None,
    };
    let Some(workflow) = engine.catalogue().latest(name) else {
        let why = format!("there is no workflow {name}");
        engine.poke(tx, &run.id, key, StepState::Failed, Some(&why), now).await?;
        return Ok(true);
    };
    match lifecycle::admit(tx, engine, workflow, request, now).await? {
        admission::Admitted::Started(_) => Ok(false),
        other => {
            let why = match other {
                admission::Admitted::Skipped(why) => format!("{name} was not started: {why}"),
                _ => format!("{name} was not started: another run does it"),
            };
            engine.poke(tx, &run.id, key, StepState::Failed, Some(&why), now).await?;
            Ok(true)
        }
    }
}
