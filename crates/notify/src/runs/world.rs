//! What runs are advanced in: channels, recipients and their preferences, read once for all runs of a job.

use std::collections::HashMap;
use std::sync::Arc;

use campanile_accounts::OrganisationId;
use campanile_base::{Result, Timestamp};
use campanile_db::Tx;
use serde_json::{Map, Value, json};

use super::Run;
use crate::audiences;
use crate::channels::{self, Channel, ChannelType};
use crate::conditions::Scope;
use crate::preferences::{self, Body};
use crate::recipients::{self, Recipient};
use crate::resources::Shelf;
use crate::template::{TemplateError, Variables};
use crate::{Notify, Reference};

/// How many actors are shown.
const ACTORS: usize = 10;

/// What a job's runs are advanced in.
pub(crate) struct World {
    pub(crate) organisation: OrganisationId,
    pub(crate) now: Timestamp,
    pub(crate) channels: Arc<Vec<Channel>>,
    pub(crate) vars: Value,
    pub(crate) shelf: Arc<Shelf>,
    known: Arc<Known>,
    /// What runs have changed of recipients meanwhile.
    told: HashMap<Reference, Recipient>,
}

/// What is known of those whom runs name; jobs that begin at the same time share it.
struct Known {
    recipients: HashMap<Reference, Recipient>,
    preferences: HashMap<(Reference, Option<String>), Body>,
    audiences: HashMap<String, Vec<String>>,
}

impl World {
    /// Reads what these runs need.
    pub(crate) async fn load(
        tx: &mut Tx,
        notify: &Notify,
        organisation: &OrganisationId,
        runs: &[&Run],
    ) -> Result<Self> {
        let (channels, shelf) =
            (channels::known(tx, notify, organisation).await?, Shelf::known(tx, notify, organisation).await?);
        let known = Arc::new(Known::load(tx, organisation, &shelf, runs).await?);
        let vars = json!({ "app_url": &*notify.base_url, "app_name": "Campanile" });
        let (organisation, now, told) = (organisation.clone(), notify.clock.now(), HashMap::new());
        Ok(Self { organisation, now, channels, vars, shelf, known, told })
    }

    /// Another like this, which knows nothing of what runs change in this one.
    pub(crate) fn beside(&self) -> Self {
        Self {
            organisation: self.organisation.clone(),
            now: self.now,
            channels: self.channels.clone(),
            vars: self.vars.clone(),
            shelf: self.shelf.clone(),
            known: self.known.clone(),
            told: HashMap::new(),
        }
    }

    /// The channel that a step names, by key, id, or type.
    pub(crate) fn channel(&self, word: Option<&str>, kind: Option<ChannelType>) -> Option<&Channel> {
        match word {
            Some(word) => self.channels.iter().find(|channel| channel.key == word || channel.id == word),
            None => self.channels.iter().find(|channel| Some(channel.kind) == kind),
        }
    }

    /// What is known of a recipient; nothing but the name, where nothing was ever told.
    pub(crate) fn recipient(&self, reference: &Reference) -> Recipient {
        let known = self.told.get(reference).or_else(|| self.known.recipients.get(reference)).cloned();
        known.unwrap_or_else(|| Recipient::unknown(reference.clone(), self.now))
    }

    /// Changes what runs see of a recipient from now on.
    pub(crate) fn tell(&mut self, reference: &Reference, properties: &Map<String, Value>) {
        let mut known = self.recipient(reference);
        recipients::merge(&mut known.properties, properties.clone());
        self.told.insert(reference.clone(), known);
    }

    /// What conditions of a run are evaluated in.
    pub(crate) fn scope<'s>(&'s self, run: &Run, variables: &'s Value) -> Scope<'s> {
        let of_user = self.known.audiences.get(&run.recipient.id).filter(|_| run.recipient.is_user());
        Scope { variables, audiences: of_user.map_or(&[], Vec::as_slice), now: self.now }
    }

    /// The same as templates are given it, in the recipient's language.
    ///
    /// # Errors
    /// When they are no object.
    pub(crate) fn texts(&self, run: &Run, variables: &Value) -> std::result::Result<Variables, TemplateError> {
        let recipient = self.recipient(&run.recipient);
        let tongue = self.shelf.translations.spoken(recipient.text("locale"), run.state.tenant.as_deref());
        Ok(Variables::new(variables, self.shelf.partials.clone())?.spoken(tongue))
    }

    /// What a run's recipient wants.
    pub(crate) fn preferences(&self, run: &Run) -> Option<&Body> {
        self.known.preferences.get(&(run.recipient.clone(), run.state.tenant.clone()))
    }

    /// What templates and conditions of a run know.
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
        // Data is also there by its own names, where they are not taken.
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

    /// An activity as templates know it: its data flat, and whose it is.
    fn activity(&self, id: &str, data: &Map<String, Value>, actor: Option<&Reference>, at: Timestamp) -> Value {
        let mut activity = data.clone();
        activity.insert("id".to_owned(), id.into());
        let actor = actor.map_or(Value::Null, |actor| Value::Object(self.recipient(actor).flat()));
        activity.insert("actor".to_owned(), actor);
        activity.insert("inserted_at".to_owned(), json!(at));
        activity.insert("updated_at".to_owned(), json!(at));
        Value::Object(activity)
    }

    /// An activity that a batch has gathered.
    fn told(&self, stored: &Value) -> Value {
        let actor = stored.get("actor").and_then(|actor| Reference::parse(actor).ok());
        let data = stored.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
        let at = stored.get("inserted_at").and_then(Value::as_str).and_then(Timestamp::parse).unwrap_or(self.now);
        self.activity(stored["id"].as_str().unwrap_or_default(), &data, actor.as_ref(), at)
    }
}

impl Known {
    async fn load(tx: &mut Tx, organisation: &OrganisationId, shelf: &Shelf, runs: &[&Run]) -> Result<Self> {
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
            let resolved = preferences::resolved(tx, organisation, &owners, tenant, &shelf.preferences).await?;
            preferences.extend(resolved.into_iter().map(|(owner, body)| ((owner, tenant.map(str::to_owned)), body)));
        }
        let users = runs.iter().filter(|run| run.recipient.is_user()).map(|run| run.recipient.id.as_str());
        let audiences = match shelf.has_audiences {
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
