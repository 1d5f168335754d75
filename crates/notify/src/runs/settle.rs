//! Writes the results of runs, of many jobs together.
//!
//! A run is not written if it is stored already (the recipient was reached in two ways), or if it
//! is no longer paused (it was cancelled). Its results are not written either. If several runs
//! reach one batch at the same time, the first one opens it, unless it is open already.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp, new_ksuid, uuid_of};
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, NewJob, Registry};
use serde_json::{Value, json};

use super::queries::{self, NewRunRow};
use super::state::{Join, Stop};
use super::{Run, resume_job};
use crate::channels::ChannelType;
use crate::feeds::FeedChange;
use crate::messages::{self, Message, Status};
use crate::recipients;
use crate::signals::{self, Happening, Waiting};
use crate::workflows::{Frequency, Op};
use crate::{Notify, Reference};

/// The events that can happen when runs are written.
const RAISED: [&str; 8] = [
    "workflow.started",
    "workflow.completed",
    "workflow.error",
    "message.created",
    "message.queued",
    "message.delivered",
    "message.not_sent",
    "message.undelivered",
];

/// The results of a job that advanced runs.
pub(crate) struct RunNote {
    pub(crate) organisation: OrganisationId,
    pub(crate) runs: Vec<Run>,
    /// Further jobs. They are stored even if the runs are not written.
    pub(crate) jobs: Vec<NewJob>,
}

/// The options of jobs that advance runs. An unreachable database does not count as an attempt. Any
/// other failure to write does.
pub(crate) fn options() -> JobOptions {
    JobOptions {
        max_attempts: 20,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(300) },
        concurrency: 128,
        ..JobOptions::default()
    }
}

/// Registers the writer for a kind of job. The results of jobs that end at the same time are
/// written together.
pub(crate) fn settle(registry: &mut Registry, kind: &'static str, notify: &Notify) {
    let within = notify.clone();
    registry.settle(kind, move |tx, settled: Vec<Arc<RunNote>>| {
        let notify = within.clone();
        Box::pin(async move { Ok(write_down(tx, &notify, settled).await?) })
    });
}

/// Writes the results of several jobs, organisation by organisation.
async fn write_down(tx: &mut Tx, notify: &Notify, settled: Vec<Arc<RunNote>>) -> Result<()> {
    let mut jobs: Vec<NewJob> = settled.iter().flat_map(|settled| settled.jobs.clone()).collect();
    let mut organisations: Vec<&OrganisationId> = settled.iter().map(|settled| &settled.organisation).collect();
    organisations.sort_unstable();
    organisations.dedup();
    for organisation in organisations {
        let of_it = settled.iter().filter(|settled| settled.organisation == *organisation);
        let runs: Vec<&Run> = of_it.flat_map(|settled| &settled.runs).collect();
        let mut writing = Writing { notify, organisation, now: notify.clock.now(), jobs: Vec::new() };
        writing.all(tx, runs).await?;
        jobs.append(&mut writing.jobs);
    }
    notify.engine.enqueue_all(tx, jobs).await?;
    Ok(())
}

struct Writing<'w> {
    notify: &'w Notify,
    organisation: &'w OrganisationId,
    now: Timestamp,
    jobs: Vec<NewJob>,
}

/// The state in which a run is written.
struct Left {
    status: &'static str,
    waits_for: Option<&'static str>,
    /// The time at which the run goes on; `None` for at once.
    resumes_at: Option<Timestamp>,
    note: String,
}

impl Left {
    fn ended() -> Self {
        Self { status: "completed", waits_for: None, resumes_at: None, note: String::new() }
    }

    fn paused(waits_for: &'static str, resumes_at: Option<Timestamp>) -> Self {
        Self { status: "paused", waits_for: Some(waits_for), resumes_at, note: String::new() }
    }
}

impl Writing<'_> {
    async fn all(&mut self, tx: &mut Tx, runs: Vec<&Run>) -> Result<()> {
        let runs = self.without_repeats(tx, runs).await?;
        let mut left = self.ends(tx, &runs).await?;
        let written = self.rows(tx, &runs, &left).await?;
        let kept: Vec<&Run> = runs.iter().zip(&written).filter(|(_, written)| **written).map(|(run, _)| *run).collect();
        for (run, left) in runs.iter().zip(&mut left).zip(&written).filter(|(_, w)| **w).map(|(pair, _)| pair) {
            if left.status == "paused" {
                self.jobs.push(resume_job::job(
                    self.organisation,
                    &run.id,
                    run.state.pauses,
                    left.resumes_at.map(|at| at.since(self.now)),
                ));
            }
        }
        let told: Vec<recipients::RecipientInput> = kept.iter().flat_map(|run| run.made.told.clone()).collect();
        recipients::identify(tx, self.notify, self.organisation, told).await?;
        let messages: Vec<&Message> = kept.iter().flat_map(|run| &run.made.messages).collect();
        messages::insert(tx, self.organisation, &messages).await?;
        self.jobs.extend(kept.iter().flat_map(|run| run.made.jobs.clone()));
        self.tell(tx, &messages);
        let left = runs.iter().zip(&left).zip(&written).filter(|(_, written)| **written).map(|(pair, _)| pair);
        let left: Vec<(&Run, &Left)> = left.map(|(run, left)| (*run, left)).collect();
        self.raise(tx, &left).await
    }

    /// Reports the events to waiting runs and to the listener. Then stores the waits of these runs.
    async fn raise(&self, tx: &mut Tx, written: &[(&Run, &Left)]) -> Result<()> {
        if let Some(interest) = signals::interest(tx, self.notify, self.organisation, &RAISED).await? {
            let mut happened: Vec<Happening> = Vec::new();
            for (run, left) in written {
                happened.extend(run.is_new.then(|| self.happened(run, left, "started")));
                happened.extend(run.made.messages.iter().map(Happening::message));
                happened.extend((run.log.errors > 0).then(|| self.happened(run, left, "error")));
                happened.extend((left.status == "completed").then(|| self.happened(run, left, "completed")));
            }
            signals::tell(tx, self.notify, self.organisation, interest, happened).await?;
        }
        let known = written.iter().filter(|(run, _)| run.program.waits && !run.is_new);
        let known: Vec<(&str, u32)> = known.map(|(run, _)| (run.id.as_str(), run.state.pauses)).collect();
        signals::forget(tx, self.organisation, &known).await?;
        // The waits come last: an event of this transaction happened before the wait, and must not
        // end it.
        let waiting = written.iter().filter(|(_, left)| left.status == "paused").filter_map(|(run, _)| {
            let Stop::Event { wanted, .. } = &run.made.stop else { return None };
            Some(Waiting {
                run: run.id.clone(),
                pause: run.state.pauses + 1,
                event: wanted.event.clone(),
                source: wanted.source.clone(),
                recipient: run.recipient.clone(),
            })
        });
        let waiting: Vec<Waiting> = waiting.collect();
        signals::open(tx, self.organisation, &waiting).await?;
        Ok(())
    }

    /// Leaves out runs of workflows that their recipients have had already, and second runs of one
    /// id.
    async fn without_repeats<'r>(&self, tx: &mut Tx, runs: Vec<&'r Run>) -> Result<Vec<&'r Run>> {
        let mut known = HashSet::new();
        let runs: Vec<&Run> = runs.into_iter().filter(|run| known.insert(run.id.clone())).collect();
        let is_limited = |run: &&Run| run.is_new && run.program.definition.trigger_frequency != Frequency::EveryTrigger;
        let limited: Vec<(&str, &Reference, &str)> = runs
            .iter()
            .filter(|run| is_limited(run))
            .map(|run| {
                let by_tenant = run.program.definition.trigger_frequency == Frequency::OncePerRecipientPerTenant;
                let tenant = run.state.tenant.as_deref().filter(|_| by_tenant).unwrap_or_default();
                (run.program.key.as_str(), &run.recipient, tenant)
            })
            .collect();
        if limited.is_empty() {
            return Ok(runs);
        }
        let mut first = queries::once(tx, self.organisation, &limited).await?.into_iter();
        Ok(runs.into_iter().filter(|run| !is_limited(run) || first.next() == Some(true)).collect())
    }

    /// Decides the state in which each run is written.
    async fn ends(&self, tx: &mut Tx, runs: &[&Run]) -> Result<Vec<Left>> {
        let mut left: Vec<Option<Left>> = Vec::with_capacity(runs.len());
        let mut joining: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, run) in runs.iter().enumerate() {
            // Checked before the batch, so that no other run waits for a cancelled one.
            if self.is_called_off(tx, run).await? {
                left.push(Some(Left { status: "cancelled", ..Left::ended() }));
                continue;
            }
            left.push(match &run.made.stop {
                Stop::End => Some(Left::ended()),
                Stop::Until(at) => Some(Left::paused("delay", Some(*at))),
                Stop::Fetch => Some(Left::paused("fetch", None)),
                Stop::Event { until, .. } => Some(Left::paused("event", Some(*until))),
                Stop::Batch(join) => {
                    joining.entry(join.word.as_str()).or_default().push(index);
                    None
                }
                Stop::Throttle { word, ends_at, limit } => {
                    let times = (self.now, *ends_at);
                    match queries::pass(tx, self.organisation, word, times, *limit).await? {
                        true => Some(Left::paused("throttle", None)),
                        false => Some(Left { note: self.note("throttled", json!({})), ..Left::ended() }),
                    }
                }
            });
        }
        // Every transaction locks the rows in the same order, so two of them cannot deadlock.
        let mut words: Vec<&str> = joining.keys().copied().collect();
        words.sort_unstable();
        for word in words {
            self.gather(tx, runs, &joining[word], &mut left).await?;
        }
        Ok(left.into_iter().map(|left| left.unwrap_or_else(Left::ended)).collect())
    }

    /// Puts runs into one batch: they open it, or join the open one.
    async fn gather(&self, tx: &mut Tx, runs: &[&Run], comers: &[usize], left: &mut [Option<Left>]) -> Result<()> {
        let Stop::Batch(join) = &runs[comers[0]].made.stop else { return Ok(()) };
        let many = comers.len() as i64;
        let open = queries::join(tx, self.organisation, &join.word, many, join.slides, self.now).await?;
        let (leader, total) = match open {
            Some(open) if !open.run.is_empty() => (open.run, open.total),
            // The run that opened the batch went on at once. Now the first of these runs waits for
            // it.
            Some(open) => (self.wait_for_rest(tx, runs, comers[0], join, left).await?, open.total),
            None => (self.open(tx, runs, comers, join, left).await?, many),
        };
        for index in comers.iter().filter(|index| left[**index].is_none()).copied().collect::<Vec<_>>() {
            let note = self.note("joined_batch", json!({ "workflow_recipient_run_id": leader }));
            left[index] = Some(Left { note, ..Left::ended() });
        }
        let flushed = |index: &usize| left[*index].as_ref().is_some_and(|left| left.waits_for == Some("flush"));
        let activities: Vec<_> =
            comers.iter().filter(|index| !flushed(index)).map(|index| self.activity(&leader, runs[*index])).collect();
        queries::add_activities(tx, &activities).await?;
        if total >= join.most {
            queries::end_now(tx, self.organisation, &join.word, self.now).await?;
            // The leader checks at once if its batch has closed.
            self.notify.engine.enqueue(tx, resume_job::job_of(self.organisation, &leader)).await?;
        }
        Ok(())
    }

    /// Opens a batch. The first run waits for it, and the others join. If the first run goes on at
    /// once, the second one waits. Returns the id of the waiting run, or an empty string.
    async fn open(
        &self,
        tx: &mut Tx,
        runs: &[&Run],
        comers: &[usize],
        join: &Join,
        left: &mut [Option<Left>],
    ) -> Result<String> {
        let times = (self.now, join.closes_at);
        let (first, rest) = (comers[0], &comers[1..]);
        let leader = match (join.flushes_leading, rest.first()) {
            (false, _) => Some(first),
            (true, second) => {
                left[first] = Some(Left::paused("flush", None));
                second.copied()
            }
        };
        let id = leader.map_or("", |leader| runs[leader].id.as_str());
        if !queries::open(tx, self.organisation, &join.word, id, times, comers.len() as i64).await? {
            // Another node has opened it. This group is written again, and then joins.
            return Err(campanile_base::Error::conflict("a batch was opened by somebody else meanwhile"));
        }
        if let Some(leader) = leader {
            let note = self.note("batch_opened", json!({ "closes_at": join.closes_at }));
            left[leader] = Some(Left { note, ..Left::paused("batch", Some(join.closes_at)) });
        }
        Ok(id.to_owned())
    }

    async fn wait_for_rest(
        &self,
        tx: &mut Tx,
        runs: &[&Run],
        index: usize,
        join: &Join,
        left: &mut [Option<Left>],
    ) -> Result<String> {
        let id = runs[index].id.clone();
        let closes_at = queries::adopt(tx, self.organisation, &join.word, &id).await?;
        left[index] = Some(Left::paused("batch", closes_at.or(Some(join.closes_at))));
        Ok(id)
    }

    /// The activity of a run, as a batch stores it.
    fn activity(&self, leader: &str, run: &Run) -> (String, String, Option<String>, String) {
        let state = &run.state;
        let body = json!({
            "id": new_ksuid(state.accepted_at), "data": state.data, "actor": state.actor,
            "inserted_at": state.accepted_at, "updated_at": state.accepted_at,
        });
        // Activities sort by the time of their triggers. The place of a run's activity never
        // changes, so a run that is written again adds no second activity.
        let place = format!("{:020}-{}", state.accepted_at.as_micros(), run.id);
        (leader.to_owned(), place, state.cancellation_key.clone(), body.to_string())
    }

    /// True if a run is about to wait for the first time, and its trigger was cancelled meanwhile.
    async fn is_called_off(&self, tx: &mut Tx, run: &Run) -> Result<bool> {
        let waits = matches!(run.made.stop, Stop::Until(_) | Stop::Batch(_) | Stop::Event { .. });
        let (Some(key), true) = (&run.state.cancellation_key, waits && run.is_new) else { return Ok(false) };
        // A cancellation that comes now waits for this lock, and then finds the stored run.
        tx.lock_shared(&queries::gate(self.organisation, &run.program.key, key)).await?;
        let at = queries::called_off_at(tx, self.organisation, &run.program.key, key, &run.recipient).await?;
        Ok(at.is_some_and(|at| at >= run.state.accepted_at))
    }

    /// Writes the rows of the runs. Returns, for each, `true` if it was written.
    async fn rows(&self, tx: &mut Tx, runs: &[&Run], left: &[Left]) -> Result<Vec<bool>> {
        let logs: Vec<String> =
            runs.iter().zip(left).map(|(run, left)| format!("{}{}", run.log.lines, left.note)).collect();
        let all = || runs.iter().zip(left).zip(&logs);
        let rows = |are_new: bool| -> Vec<NewRunRow<'_>> {
            let of_them = all().filter(|((run, _), _)| run.is_new == are_new);
            of_them.map(|((run, left), log)| self.row(run, left, log)).collect()
        };
        let mut new = queries::insert(tx, self.organisation, &rows(true), self.now).await?.into_iter();
        let mut known = queries::update(tx, self.organisation, &rows(false), self.now).await?.into_iter();
        let next = |run: &&Run| if run.is_new { new.next() } else { known.next() };
        let written: Vec<bool> = runs.iter().map(next).map(|written| written == Some(true)).collect();
        let gone: Vec<&str> = runs
            .iter()
            .filter(|run| !run.is_new && !run.state.activities.is_empty())
            .map(|run| run.id.as_str())
            .collect();
        queries::forget_activities(tx, &gone).await?;
        Ok(written)
    }

    /// An event of a run.
    fn happened(&self, run: &Run, left: &Left, event: &'static str) -> Happening {
        let state = &run.state;
        let view = json!({
            "__typename": "WorkflowRecipientRun", "id": run.id, "workflow": run.program.key,
            "workflow_run_id": run.workflow_run_id, "recipient": run.recipient, "tenant": state.tenant,
            "actor": state.actor, "status": left.status, "error_count": run.log.errors,
            "trigger_source": state.cause, "inserted_at": state.accepted_at, "updated_at": self.now,
        });
        let (workflow, recipient, data) = (run.program.key.clone(), run.recipient.clone(), state.data.clone());
        Happening::Run { event, workflow, recipient, data, view }
    }

    fn row<'r>(&self, run: &'r Run, left: &Left, log: &'r str) -> NewRunRow<'r> {
        let state = &run.state;
        let mut kept = state.clone();
        kept.pauses += 1;
        kept.has_passed = true;
        if left.waits_for == Some("flush")
            && let Some(Op::Step(step, _)) = run.program.ops.get(state.at)
        {
            kept.refs.insert(step.reference.clone(), json!({ "is_flushed": true }));
        }
        NewRunRow {
            id: &run.id,
            place: new_ksuid(self.now),
            workflow_run_id: &run.workflow_run_id,
            workflow: &run.program.key,
            recipient: &run.recipient,
            tenant: state.tenant.as_deref(),
            status: left.status,
            cancellation_key: state.cancellation_key.as_deref(),
            waits_for: left.waits_for,
            cause: json!({ "actor": state.actor, "source": state.cause }).to_string(),
            state: (left.status == "paused").then(|| serde_json::to_string(&kept).unwrap_or_default()),
            log,
            errors: run.log.errors,
        }
    }

    fn note(&self, event: &str, data: Value) -> String {
        let line = json!({ "event": event, "status": "ok", "data": data, "at": self.now.as_micros() });
        format!("{line}\n")
    }

    /// Notifies open pages and watchers of feeds, after the commit. Also keeps messages that are
    /// due now, so that their delivery jobs need not read them.
    fn tell(&self, tx: &mut Tx, messages: &[&Message]) {
        // The page of a workspace shows all its messages. The bell of a member shows the member's
        // own.
        let news = |message: &&Message| {
            let user = message.recipient.is_user().then(|| message.recipient.id.clone());
            (message.tenant.clone(), user, message.id.clone())
        };
        let (live, organisation) = (self.notify.live.clone(), self.organisation.clone());
        let news: Vec<_> = messages.iter().map(news).collect();
        tx.after_commit(move || {
            for (tenant, user, id) in news {
                live.tell_message(&organisation, tenant.as_deref(), user.as_deref(), &id);
            }
        });
        let is_due = |message: &&&Message| message.status == Status::Queued && message.scheduled_at.is_none();
        let due: Vec<Message> = messages.iter().filter(is_due).map(|message| (*message).clone()).collect();
        if !due.is_empty() {
            let recent = self.notify.recent.clone();
            tx.after_commit(move || recent.keep(due));
        }
        let is_shown = |message: &&Message| {
            message.channel_type == ChannelType::InAppFeed && message.status != Status::Undelivered
        };
        let of_feeds = messages.iter().copied().filter(is_shown);
        let news: Vec<FeedChange> = of_feeds.map(|message| FeedChange::of(self.organisation, message)).collect();
        if !news.is_empty() {
            let (feeds, db) = (self.notify.feeds.clone(), self.notify.db.clone());
            tx.after_commit(move || {
                metrics::counter!("campanile_feed_items_total").increment(news.len() as u64);
                feeds.tell(news, &db);
            });
        }
    }
}

/// The id of a recipient's run of a trigger. It is always the same. It begins with the time of the
/// trigger, so that runs of the same time are stored next to each other. Without a time, ids are
/// spread over the whole table, and each insert changes a page that is no longer cached.
pub(crate) fn run_id(workflow_run: &str, recipient: &Reference, at: Option<Timestamp>) -> String {
    let id = uuid_of(&["run", workflow_run, &recipient.collection, &recipient.id]);
    let Some(at) = at else { return id };
    // A UUID of version 7 begins with these 48 bits of milliseconds.
    let time = format!("{:012x}", (at.as_micros() / 1_000) & 0xffff_ffff_ffff);
    format!("{}-{}{}", &time[..8], &time[8..], &id[13..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_one_id_that_begins_with_its_triggers_time() {
        let at = |second: i64| Timestamp::from_micros(1_700_000_000_000_000 + second * 1_000_000);
        let (ada, ben) = (Reference::user("ada"), Reference::user("ben"));
        let id = run_id("trigger", &ada, Some(at(0)));
        assert_eq!(id, run_id("trigger", &ada, Some(at(0))), "told once more it is the same run");
        assert_eq!(&id[..14], "018bcfe5-6800-", "milliseconds since 1970, as version 7 has them");
        assert_eq!((id.len(), &id[14..15]), (36, "8"));
        assert_ne!(id, run_id("trigger", &ben, Some(at(0))));
        let mut ids: Vec<String> = (0..50).map(|second| run_id(&second.to_string(), &ada, Some(at(second)))).collect();
        assert!(ids.is_sorted());
        ids.dedup();
        assert_eq!(ids.len(), 50);
        // A trigger that was stored before ids began with a time.
        assert_eq!(run_id("trigger", &ada, None)[14..], id[14..]);
    }
}
