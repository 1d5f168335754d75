//! The preference page of a user: a row for each workflow, one for all commercial workflows, and
//! the current values.

use campanile_accounts::{OrganisationId, PersonId, people};
use campanile_base::{Error, Result};
use campanile_db::{Range, Tx};
use serde_json::{Value, json};

use crate::preferences::{Body, DEFAULT, merged};
use crate::resources::{self, Kind, Resource};
use crate::workflows::is_for;
use crate::{Notify, Reference, recipients};

/// The content of the page.
#[derive(Debug, Clone)]
pub struct Center {
    /// The mail address of the user, or else the id.
    pub user: String,
    /// The rows.
    pub rows: Vec<Row>,
    /// The current values.
    pub set: Body,
}

/// A row of the page.
#[derive(Debug, Clone)]
pub struct Row {
    /// `workflow`, or `commercial_subscribed`.
    pub kind: &'static str,
    /// The workflow's key.
    pub identifier: Option<String>,
    /// A name for people to read.
    pub name: String,
    /// Its purpose.
    pub description: String,
    /// The channel types of the workflow's steps.
    pub channel_types: Vec<String>,
}

impl Center {
    /// The page in the shape of the API.
    pub fn view(&self, notify: &Notify) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "type": row.kind, "identifier": row.identifier, "name": row.name, "description": row.description,
                "channel_types": row.channel_types,
            })
        });
        let colours = |primary: &str, contrast: &str| {
            json!({ "primary_color": primary, "primary_color_contrast": contrast,
                "icon_url": format!("{}/favicon.svg", notify.base_url), "logo_url": format!("{}/favicon.svg", notify.base_url) })
        };
        let mut branding = colours("#000000", "#FFFFFF");
        branding["dark"] = colours("#FFFFFF", "#000000");
        json!({
            "enabled": true, "account_name": "Campanile", "user_email": self.user, "branding": branding,
            "knock_branding_required": false,
            "config": {
                "title": "Notifications", "body": "What you are told, and how.", "show_account_name": true,
                "rows": rows.collect::<Vec<_>>(),
            },
        })
    }
}

/// Builds the page of a user. Workflows that are off, override preferences or are not for the
/// user's role are left out.
pub async fn center(tx: &mut Tx, organisation: &OrganisationId, user: &Reference) -> Result<Center> {
    let workflows = resources::list(tx, organisation, Kind::Workflow, &Range::first(1_000)).await?;
    let role = match people::member(tx, organisation, &PersonId::from(user.id.clone())).await {
        Ok(member) if user.is_user() => Some(member.role),
        Ok(_) | Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let is_shown = |workflow: &&Resource| {
        workflow.is_active && workflow.draft["settings"]["override_preferences"] != true && is_for(&workflow.key, role)
    };
    let shown: Vec<&Resource> = workflows.iter().filter(is_shown).collect();
    let rows = shown.iter().map(|workflow| row(workflow));
    // A workflow that sends nothing has no settings.
    let mut rows: Vec<Row> = rows.filter(|row| !row.channel_types.is_empty()).collect();
    if shown.iter().any(|workflow| workflow.draft["settings"]["is_commercial"] == true) {
        rows.push(Row {
            kind: "commercial_subscribed",
            identifier: None,
            name: "News and offers".to_owned(),
            description: String::new(),
            channel_types: Vec::new(),
        });
    }
    let known = recipients::get(tx, organisation, user).await?;
    let name = known.as_ref().and_then(|known| known.text("email")).unwrap_or(&user.id).to_owned();
    Ok(Center { user: name, rows, set: merged(tx, organisation, user, DEFAULT, None).await? })
}

fn row(workflow: &Resource) -> Row {
    let mut types = Vec::new();
    channel_types(&workflow.draft["steps"], &mut types);
    let word = |name: &str| workflow.draft[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    Row {
        kind: "workflow",
        identifier: Some(workflow.key.clone()),
        name: word("name").unwrap_or_else(|| workflow.key.clone()),
        description: word("description").unwrap_or_default(),
        channel_types: types,
    }
}

/// Collects the channel types of steps, including those in branches.
fn channel_types(steps: &Value, types: &mut Vec<String>) {
    for step in steps.as_array().into_iter().flatten() {
        if let Some(kind) = step["channel_type"].as_str()
            && !types.iter().any(|known| known == kind)
        {
            types.push(kind.to_owned());
        }
        for ways in ["branches", "cohort_branches"] {
            for way in step[ways].as_array().into_iter().flatten() {
                channel_types(&way["steps"], types);
            }
        }
    }
}
