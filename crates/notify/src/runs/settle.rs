//! Writes down what runs have come to, of many jobs together.
//!
//! A run that is there already (somebody reached by two ways) or is paused no more (it was called off) is not written, nor is anything that it has
//! come to. Of runs that come to one batch at the same time the first opens it, unless it is open.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp, new_ksuid, uuid_of};
use campanile_db::Tx;
use campanile_engine::{Backoff, JobOptions, NewJob, Registry};
use serde_json::{Value, json};

use super::queries::{self, Written};
use super::state::{Join, Stop};
use super::{Run, resume};
use crate::channels::ChannelType;
use crate::feeds::News;
use crate::messages::{self, Message, Status};
use crate::recipients;
use crate::signals::{self, Happening, Waiting};
use crate::workflows::{Frequency, Op};
use crate::{Notify, Reference};

/// What can happen when runs are written.
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

/// What a job has come to.
pub(crate) struct Settled {
    pub(crate) organisation: OrganisationId,
    pub(crate) runs: Vec<Run>,
    /// What else is to be done, whatever becomes of the runs.
    pub(crate) jobs: Vec<NewJob>,
}

/// How jobs are run that advance runs. An absent database costs no attempt; what cannot be written for another reason does.
pub(crate) fn options() -> JobOptions {
    JobOptions {
        max_attempts: 20,
        backoff: Backoff::Exponential { first: Duration::from_secs(1), most: Duration::from_secs(300) },
        concurrency: 128,
        ..JobOptions::default()
    }
}

/// Lets what jobs of a kind come to be written down together.
pub(crate) fn settle(registry: &mut Registry, kind: &'static str, notify: &Notify) {
    let within = notify.clone();
    registry.settle(kind, move |tx, settled: Vec<Arc<Settled>>| {
        let notify = within.clone();
        Box::pin(async move { Ok(write_down(tx, &notify, settled).await?) })
    });
}

/// Writes it down.
async fn write_down(tx: &mut Tx, notify: &Notify, settled: Vec<Arc<Settled>>) -> Result<()> {
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

/// How a run is left.
struct Left {
    status: &'static str,
    waits_for: Option<&'static str>,
    /// When it goes on; at once, where it is not said.
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
                self.jobs.push(resume::job(self.organisation, run, left.resumes_at.map(|at| at.since(self.now))));
            }
        }
        let told: Vec<recipients::Told> = kept.iter().flat_map(|run| run.made.told.clone()).collect();
        recipients::identify(tx, self.notify, self.organisation, told).await?;
        let messages: Vec<&Message> = kept.iter().flat_map(|run| &run.made.messages).collect();
        messages::insert(tx, self.organisation, &messages).await?;
        self.jobs.extend(kept.iter().flat_map(|run| run.made.jobs.clone()));
        self.tell(tx, &messages);
        let left = runs.iter().zip(&left).zip(&written).filter(|(_, written)| **written).map(|(pair, _)| pair);
        let left: Vec<(&Run, &Left)> = left.map(|(run, left)| (*run, left)).collect();
        self.raise(tx, &left).await
    }

    /// Lets those know who wait or listen, and lets runs wait.
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
        // After all that: what happens now was before the wait.
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

    /// Without runs of workflows that their recipients have had, and without second runs of one id.
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

    /// How each run is left.
    async fn ends(&self, tx: &mut Tx, runs: &[&Run]) -> Result<Vec<Left>> {
        let mut left: Vec<Option<Left>> = Vec::with_capacity(runs.len());
        let mut joining: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, run) in runs.iter().enumerate() {
            // Before it comes to a batch: nobody may wait for a run that was called off.
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
        // Everybody takes the rows in the same order: two groups never wait for each other.
        let mut words: Vec<&str> = joining.keys().copied().collect();
        words.sort_unstable();
        for word in words {
            self.gather(tx, runs, &joining[word], &mut left).await?;
        }
        Ok(left.into_iter().map(|left| left.unwrap_or_else(Left::ended)).collect())
    }

    /// Lets runs come to one batch.
    async fn gather(&self, tx: &mut Tx, runs: &[&Run], comers: &[usize], left: &mut [Option<Left>]) -> Result<()> {
        let Stop::Batch(join) = &runs[comers[0]].made.stop else { return Ok(()) };
        let many = comers.len() as i64;
        let open = queries::join(tx, self.organisation, &join.word, many, join.slides, self.now).await?;
        let (leader, total) = match open {
            Some(open) if !open.run.is_empty() => (open.run, open.total),
            // It was opened by one that has gone on at once: now there is somebody to wait for the rest.
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
            // The leader looks at once whether its batch has closed.
            self.notify.engine.enqueue(tx, resume::job_of(self.organisation, &leader)).await?;
        }
        Ok(())
    }

    /// The first of these opens the batch: whom the others join.
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
            // Another node has: this group is written again, and joins.
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

    /// An activity as a batch keeps it.
    fn activity(&self, leader: &str, run: &Run) -> (String, String, Option<String>, String) {
        let state = &run.state;
        let body = json!({
            "id": new_ksuid(state.accepted_at), "data": state.data, "actor": state.actor,
            "inserted_at": state.accepted_at, "updated_at": state.accepted_at,
        });
        // In the order in which they were triggered; one run is one activity, however often it is written.
        let place = format!("{:020}-{}", state.accepted_at.as_micros(), run.id);
        (leader.to_owned(), place, state.cancellation_key.clone(), body.to_string())
    }

    /// Whether the trigger of a run that would begin to wait was called off meanwhile.
    async fn is_called_off(&self, tx: &mut Tx, run: &Run) -> Result<bool> {
        let waits = matches!(run.made.stop, Stop::Until(_) | Stop::Batch(_) | Stop::Event { .. });
        let (Some(key), true) = (&run.state.cancellation_key, waits && run.is_new) else { return Ok(false) };
        // Who calls it off now waits until this run is there to be called off.
        tx.lock_shared(&queries::gate(self.organisation, &run.program.key, key)).await?;
        let at = queries::called_off_at(tx, self.organisation, &run.program.key, key, &run.recipient).await?;
        Ok(at.is_some_and(|at| at >= run.state.accepted_at))
    }

    /// Writes the runs' rows; answers which were written.
    async fn rows(&self, tx: &mut Tx, runs: &[&Run], left: &[Left]) -> Result<Vec<bool>> {
        let logs: Vec<String> =
            runs.iter().zip(left).map(|(run, left)| format!("{}{}", run.log.lines, left.note)).collect();
        let all = || runs.iter().zip(left).zip(&logs);
        let rows = |are_new: bool| -> Vec<Written<'_>> {
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

    /// What has happened to a run.
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

    fn row<'r>(&self, run: &'r Run, left: &Left, log: &'r str) -> Written<'r> {
        let state = &run.state;
        let mut kept = state.clone();
        kept.pauses += 1;
        kept.has_passed = true;
        if left.waits_for == Some("flush")
            && let Some(Op::Step(step, _)) = run.program.ops.get(state.at)
        {
            kept.refs.insert(step.reference.clone(), json!({ "is_flushed": true }));
        }
        Written {
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

    /// Lets those who watch feeds know, once this is durable.
    fn tell(&self, tx: &mut Tx, messages: &[&Message]) {
        // A workspace's page shows who was told, and a member's bell what is for them.
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
        let news: Vec<News> = of_feeds.map(|message| News::of(self.organisation, message)).collect();
        if !news.is_empty() {
            let (feeds, db) = (self.notify.feeds.clone(), self.notify.db.clone());
            tx.after_commit(move || {
                metrics::counter!("campanile_feed_items_total").increment(news.len() as u64);
                feeds.tell(news, &db);
            });
        }
    }
}

/// The id of a recipient's run of a trigger: always the same, and beginning with the time of the trigger, so that runs are stored
/// beside those of their time. Without a time they lie anywhere, and each is stored into a page that nobody has read for long.
pub(crate) fn run_id(workflow_run: &str, recipient: &Reference, at: Option<Timestamp>) -> String {
    let id = uuid_of(&["run", workflow_run, &recipient.collection, &recipient.id]);
    let Some(at) = at else { return id };
    // The 48 bits of milliseconds that a UUID of version 7 begins with.
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
        // Of a trigger that was stored before ids began with a time.
        assert_eq!(run_id("trigger", &ada, None)[14..], id[14..]);
    }
}
