//! Sentry's API: resources at paths, lists whose next page the header `Link` names.
//!
//! An account is an organisation, by its number: its name in addresses can change, and paths take
//! both. It is connected with the token of an internal integration, which belongs to one
//! organisation and does not run out, or with a person's token, which may see several. Self-hosted
//! Sentry has the same API.

use async_trait::async_trait;
use campanile_base::{Error, Secret, Timestamp};
use campanile_net::{Client, Response};
use serde_json::Value;

use super::history;
use crate::connections::{ConnectionKind, Credentials};
use crate::payload::Read as _;
use crate::remote::{
    Account, Api, Dialect, FieldValues, HistoryKind, HistoryPage, HistoryPlace, LimitHeaders, ListedResource, Remote,
    ResourcePage, Revocation, TokenField, Trouble, body_of, is_plain, items, needed_text,
};

const DIALECT: Dialect = Dialect {
    limits: LimitHeaders {
        total: "x-sentry-rate-limit-limit",
        remaining: "x-sentry-rate-limit-remaining",
        reset: "x-sentry-rate-limit-reset",
    },
    accept: "application/json",
    headers: &[],
    trouble,
};
/// The organisations that a token sees.
const ORGANISATIONS: &str = "/api/0/organizations/";
/// The most names of organisations in a sentence.
const NAMED: usize = 10;
const ORGANISATION_FIELD: &str = "organisation";
const TOKEN_FIELDS: &[TokenField] = &[TokenField {
    name: ORGANISATION_FIELD,
    label: "Organisation",
    placeholder: "acme",
    hint: "Its name in addresses of Sentry. Empty if the token sees one organisation, as that of an integration does.",
    is_required: false,
}];
/// The number of characters of a sentence of Sentry that are kept.
const SENTENCE: usize = 300;
/// The place where a person can end a token.
const TOKEN_SETTINGS: &str =
    "a token is deleted by an owner of the organisation, in Sentry under Settings, Developer Settings";

/// The settings of Sentry.
#[derive(Debug, Clone)]
pub struct SentrySettings {
    /// The base of its API: `https://sentry.io`, `https://de.sentry.io`, or the address of a server
    /// of one's own.
    pub api_url: String,
}

impl Default for SentrySettings {
    fn default() -> Self {
        Self { api_url: "https://sentry.io".to_owned() }
    }
}

/// Sentry.
#[derive(Debug, Clone)]
pub(crate) struct Sentry {
    api_url: String,
}

impl Sentry {
    pub(crate) fn new(settings: &SentrySettings) -> Self {
        Self { api_url: settings.api_url.trim_end_matches('/').to_owned() }
    }
}

#[async_trait]
impl Remote for Sentry {
    fn takes_consent(&self) -> bool {
        false
    }

    fn token_fields(&self) -> &'static [TokenField] {
        TOKEN_FIELDS
    }

    fn api(&self, http: &Client, kind: ConnectionKind, access: &Secret) -> Api {
        Api::with_bearer(http, &self.api_url, (kind, access), DIALECT)
    }

    async fn account(&self, api: &Api, now: Timestamp) -> Result<Account, Trouble> {
        let organisation = organisation_of(api)?;
        account_of(&details(api, organisation, now).await?)
    }

    async fn account_of_token(&self, api: &Api, fields: &FieldValues, now: Timestamp) -> Result<Account, Trouble> {
        let wanted = fields.get(ORGANISATION_FIELD);
        let page = api.get(ORGANISATIONS, now).await?;
        let all = items(&page.body)?;
        let refused = |rule: String| Trouble::Ours(Error::invalid_field(ORGANISATION_FIELD, rule));
        let names = || {
            let names: Vec<&str> = all.iter().filter_map(|one| one.text("slug")).take(NAMED).collect();
            names.join(", ")
        };
        match (wanted, all) {
            (_, []) => Err(refused("is missing: the token sees no organisation".to_owned())),
            (None, [one]) => account_of(one),
            (None, _) => Err(refused(format!("must be named: the token sees {}", names()))),
            (Some(wanted), _) => match all.iter().find(|one| one.text("slug") == Some(wanted)) {
                Some(one) => account_of(one),
                // The list may have further pages.
                None if page.next.is_some() => account_of(&details(api, wanted, now).await?),
                None => Err(refused(format!("is none that the token sees; it sees {}", names()))),
            },
        }
    }

    async fn resources(&self, api: &Api, after: Option<&str>, now: Timestamp) -> Result<ResourcePage, Trouble> {
        let organisation = organisation_of(api)?;
        let first = || format!("{ORGANISATIONS}{organisation}/projects/");
        let page = api.get(&after.map_or_else(first, str::to_owned), now).await?;
        let listed = items(&page.body)?;
        // Its pages have an address of the organisation's own at sentry.io, and below its name
        // elsewhere.
        let details = details(api, organisation, now).await?;
        let home = details.text("links/organizationUrl");
        let resources = listed.iter().map(|project| resource(project, home)).collect::<Result<_, _>>()?;
        Ok(ResourcePage { resources, next: page.next })
    }

    fn kinds(&self) -> &'static [HistoryKind] {
        history::KINDS
    }

    async fn history(
        &self,
        api: &Api,
        place: HistoryPlace<'_>,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<HistoryPage, Trouble> {
        history::page(api, (organisation_of(api)?, place), cursor, now).await
    }

    async fn revoke(
        &self,
        _: &Client,
        _: ConnectionKind,
        _: &Credentials,
        _: Timestamp,
    ) -> Result<Revocation, Trouble> {
        Ok(Revocation::ByHand(TOKEN_SETTINGS))
    }
}

/// The organisation that calls are about.
fn organisation_of(api: &Api) -> Result<&str, Trouble> {
    api.account().ok_or_else(|| Trouble::Ours(Error::internal("a call to Sentry without an organisation")))
}

/// An organisation, by its number or its name in addresses.
async fn details(api: &Api, organisation: &str, now: Timestamp) -> Result<Value, Trouble> {
    Ok(api.get(&format!("{ORGANISATIONS}{organisation}/?detailed=0"), now).await?.body)
}

fn account_of(organisation: &Value) -> Result<Account, Trouble> {
    let id = organisation.id("id").filter(|id| is_plain(id));
    let id = id.ok_or_else(|| Trouble::Invalid("the field id is missing".to_owned()))?;
    let name = organisation.text("name").or(organisation.text("slug")).unwrap_or(&id).to_owned();
    Ok(Account::new(id, name))
}

fn resource(project: &Value, home: Option<&str>) -> Result<ListedResource, Trouble> {
    let name = needed_text(project, "slug")?;
    Ok(ListedResource {
        kind: history::PROJECT,
        id: project.id("id").ok_or_else(|| Trouble::Invalid("the field id is missing".to_owned()))?,
        url: home.map(|home| format!("{}/projects/{name}/", home.trim_end_matches('/'))),
        name,
        is_private: false,
        is_archived: project.text("status").is_some_and(|status| status != "active"),
    })
}

/// The trouble that a refusal means. Sentry says its reason in `detail`, a sentence or an object
/// with one.
fn trouble(answer: &Response, _: Timestamp) -> Option<Trouble> {
    let body = body_of(answer);
    let said = body.text("detail").or(body.text("detail/message")).unwrap_or("no reason");
    let said = said.chars().take(SENTENCE).collect::<String>();
    match answer.status {
        403 => Some(Trouble::Forbidden(said)),
        400 => Some(Trouble::Invalid(said)),
        _ => None,
    }
}
