//! The context in which runs are advanced: channels, recipients and their preferences. It is read
//! once for all runs of a job.

use std::collections::HashMap;
use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use campanile_documents::calendar::is_zone;
use campanile_documents::conditions::Scope;
use campanile_documents::template::{TemplateError, Variables};
use serde_json::{Map, Value, json};

use super::Run;
use crate::audiences;
use crate::channels::{self, Channel, ChannelType};
use crate::preferences::{self, Body};
use crate::recipients::{self, Recipient};
use crate::resources::SharedResources;
use crate::workflows::Step;
use crate::{Notify, Reference};

/// The number of actors that templates get.
const ACTORS: usize = 10;

/// The context of a job's runs.
pub(crate) struct RunContext {
    pub(crate) organisation: OrganisationId,
    pub(crate) now: Timestamp,
    pub(crate) channels: Arc<Vec<Channel>>,
    pub(crate) vars: Value,
    pub(crate) shared: Arc<SharedResources>,
    known: Arc<RecipientFacts>,
    /// Changes that runs have made to recipients meanwhile.
    told: HashMap<Reference, Recipient>,
}

/// Stored facts about the recipients that runs name. Jobs that begin at the same time share them.
struct RecipientFacts {
    recipients: HashMap<Reference, Recipient>,
    preferences: HashMap<(Reference, Option<String>), Body>,
    audiences: HashMap<String, Vec<String>>,
}

impl RunContext {
    /// Reads the context of these runs.
    pub(crate) async fn load(
        tx: &mut Tx,
        notify: &Notify,
        organisation: &OrganisationId,
        runs: &[&Run],
    ) -> Result<Self> {
        let (channels, shared) =
            (channels::known(tx, notify, organisation).await?, SharedResources::known(tx, notify, organisation).await?);
        let known = Arc::new(RecipientFacts::load(tx, organisation, &shared, runs).await?);
        let vars = json!({ "app_url": &*notify.base_url, "app_name": "Campanile" });
        let (organisation, now, told) = (organisation.clone(), notify.clock.now(), HashMap::new());
        Ok(Self { organisation, now, channels, vars, shared, known, told })
    }

    /// A copy without the changes that runs make in this one.
    pub(crate) fn beside(&self) -> Self {
        Self {
            organisation: self.organisation.clone(),
            now: self.now,
            channels: self.channels.clone(),
            vars: self.vars.clone(),
            shared: self.shared.clone(),
            known: self.known.clone(),
            told: HashMap::new(),
        }
    }

    /// The channel that a step names by key or id; if it names none, the first one of the type.
    pub(crate) fn channel(&self, word: Option<&str>, kind: Option<ChannelType>) -> Option<&Channel> {
        match word {
            Some(word) => self.channels.iter().find(|channel| channel.key == word || channel.id == word),
            None => self.channels.iter().find(|channel| Some(channel.kind) == kind),
        }
    }

    /// The properties of a recipient. A recipient that is not stored has only a name.
    pub(crate) fn recipient(&self, reference: &Reference) -> Recipient {
        let known = self.told.get(reference).or_else(|| self.known.recipients.get(reference)).cloned();
        known.unwrap_or_else(|| Recipient::unknown(reference.clone(), self.now))
    }

    /// Changes a recipient's properties for the runs that follow.
    pub(crate) fn tell(&mut self, reference: &Reference, properties: &Map<String, Value>) {
        let mut known = self.recipient(reference);
        campanile_documents::merge(&mut known.properties, properties.clone());
        self.told.insert(reference.clone(), known);
    }

    /// The scope in which a run's conditions are evaluated.
    pub(crate) fn scope<'s>(&'s self, run: &Run, variables: &'s Value) -> Scope<'s> {
        let of_user = self.known.audiences.get(&run.recipient.id).filter(|_| run.recipient.is_user());
        Scope { variables, audiences: of_user.map_or(&[], Vec::as_slice), now: self.now }
    }

    /// The same variables for templates, in the recipient's language.
    ///
    /// # Errors
    /// If `variables` is no object.
    pub(crate) fn texts(&self, run: &Run, variables: &Value) -> std::result::Result<Variables, TemplateError> {
        let recipient = self.recipient(&run.recipient);
        let tongue = self.shared.translations.spoken(recipient.text("locale"), run.state.tenant.as_deref());
        Ok(Variables::new(variables, self.shared.partials.clone())?.spoken(tongue))
    }

    /// The preferences of a run's recipient.
    pub(crate) fn preferences(&self, run: &Run) -> Option<&Body> {
        self.known.preferences.get(&(run.recipient.clone(), run.state.tenant.clone()))
    }

    /// The variables of a run's templates and conditions.
    pub(crate) fn variables(&self, run: &Run) -> Value {
        let (state, definition) = (&run.state, &run.program.definition);
        let flat = |reference: &Reference| Value::Object(self.recipient(reference).flat());
        let mut recipient = self.recipient(&run.recipient).flat();
        recipient.extend(state.subscription.clone().map(|of| ("subscription".to_owned(), Value::Object(of))));
        recipient.extend(state.schedule.clone().map(|of| ("schedule".to_owned(), of)));
        let actors: Vec<Value> = match state.actors.is_empty() {
            true => state.actor.iter().map(flat).collect(),
            false => state.actors.iter().take(ACTORS).map(flat).collect(),
        };
        let activities = match state.activities.is_empty() {
            true => vec![self.activity(&run.workflow_run_id, &state.data, state.actor.as_ref(), state.accepted_at)],
            false => state.activities.iter().map(|activity| self.told(activity)).collect(),
        };
        // Data are also available by their own names, if no other variable has the name.
        let mut variables = state.data.clone();
        variables.extend(Map::from_iter([
            ("data".to_owned(), Value::Object(state.data.clone())),
            ("recipient".to_owned(), Value::Object(recipient)),
            ("actor".to_owned(), state.actor.as_ref().map_or(Value::Null, flat)),
            ("total_actors".to_owned(), json!(state.total_actors.max(actors.len() as i64))),
            ("actors".to_owned(), Value::Array(actors)),
            ("total_activities".to_owned(), json!(state.total_activities)),
            ("activities".to_owned(), Value::Array(activities)),
            ("tenant".to_owned(), state.tenant.as_ref().map_or(Value::Null, |id| flat(&Reference::tenant(id)))),
            ("vars".to_owned(), self.vars.clone()),
            ("refs".to_owned(), Value::Object(state.refs.clone())),
            ("timestamp".to_owned(), json!(self.now)),
            (
                "run".to_owned(),
                json!({ "total_activities": state.total_activities, "total_actors": state.total_actors }),
            ),
            (
                "workflow".to_owned(),
                json!({
                    "id": run.workflow_run_id, "key": run.program.key, "name": definition.name,
                    "categories": definition.categories, "commercial": definition.settings.is_commercial,
                    "override_preferences": definition.settings.override_preferences,
                    "cancellation_key": state.cancellation_key,
                }),
            ),
        ]));
        Value::Object(variables)
    }

    /// An activity as templates get it: its data at the top level, with its actor.
    fn activity(&self, id: &str, data: &Map<String, Value>, actor: Option<&Reference>, at: Timestamp) -> Value {
        let mut activity = data.clone();
        activity.insert("id".to_owned(), id.into());
        let actor = actor.map_or(Value::Null, |actor| Value::Object(self.recipient(actor).flat()));
        activity.insert("actor".to_owned(), actor);
        activity.insert("inserted_at".to_owned(), json!(at));
        activity.insert("updated_at".to_owned(), json!(at));
        Value::Object(activity)
    }

    /// An activity that a batch has stored, as templates get it.
    fn told(&self, stored: &Value) -> Value {
        let actor = stored.get("actor").and_then(|actor| Reference::parse(actor).ok());
        let data = stored.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        let at = stored.get("inserted_at").and_then(Value::as_str).and_then(Timestamp::parse).unwrap_or(self.now);
        self.activity(stored["id"].as_str().unwrap_or_default(), &data, actor.as_ref(), at)
    }
}

impl RecipientFacts {
    async fn load(tx: &mut Tx, organisation: &OrganisationId, shared: &SharedResources, runs: &[&Run]) -> Result<Self> {
        let mut names: Vec<Reference> = runs.iter().flat_map(|run| names_in(run)).collect();
        names.sort();
        names.dedup();
        let recipients = recipients::these(tx, organisation, &names).await?;
        let mut tenants: Vec<Option<&str>> = runs.iter().map(|run| run.state.tenant.as_deref()).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let mut preferences = HashMap::new();
        for tenant in tenants {
            let of_tenant = runs.iter().filter(|run| run.state.tenant.as_deref() == tenant);
            let owners: Vec<Reference> = of_tenant.map(|run| run.recipient.clone()).collect();
            let resolved = preferences::resolved(tx, organisation, &owners, tenant, &shared.preferences).await?;
            preferences.extend(resolved.into_iter().map(|(owner, body)| ((owner, tenant.map(str::to_owned)), body)));
        }
        let users = runs.iter().filter(|run| run.recipient.is_user()).map(|run| run.recipient.id.as_str());
        let audiences = match shared.has_audiences {
            true => audiences::of_users(tx, organisation, &users.collect::<Vec<_>>()).await?,
            false => HashMap::new(),
        };
        Ok(Self { recipients, preferences, audiences })
    }
}

fn names_in(run: &Run) -> Vec<Reference> {
    let mut names = vec![run.recipient.clone()];
    names.extend(run.state.actor.clone());
    names.extend(run.state.actors.iter().take(ACTORS).cloned());
    names.extend(run.state.tenant.as_deref().map(Reference::tenant));
    let of_activities =
        run.state.activities.iter().filter_map(|activity| Reference::parse(activity.get("actor")?).ok());
    names.extend(of_activities);
    names
}

/// The recipient's time zone. If there is no such zone, the run's log notes that UTC is used.
pub(crate) fn zone_of(world: &RunContext, run: &mut Run, step: &Step) -> Option<String> {
    let zone = world.recipient(&run.recipient).text("timezone").map(str::to_owned)?;
    if !is_zone(&zone) {
        run.log.unknown_zone(world.now, step, &zone);
    }
    Some(zone)
}
