//! The installations of an app: who has installed it, with which permissions, and tokens for them.

use campanile_base::{Secret, Timestamp};
use serde_json::Value;

use super::{GithubUser, as_app};
use crate::github::remote::{Github, id};
use crate::payload::Read as _;
use crate::remote::{Api, Trouble, needed_text};

/// The most pages of a person's installations that are read.
const PAGES: usize = 50;

/// An installation of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installation {
    pub(crate) id: String,
    /// The number and the name of the account that it is installed on.
    pub(crate) account_id: String,
    pub(crate) account: String,
    pub(crate) is_organisation: bool,
    /// The permissions that the account has granted, as `contents:read`.
    pub(crate) permissions: Vec<String>,
    pub(crate) is_suspended: bool,
}

impl Installation {
    /// Reads an installation as the API and deliveries show it.
    pub(crate) fn read(object: &Value) -> Result<Self, Trouble> {
        let account = &object["account"];
        Ok(Self {
            id: id(object)?,
            account_id: id(account)?,
            account: needed_text(account, "login")?,
            is_organisation: account["type"] == "Organization",
            permissions: granted(object),
            is_suspended: !object["suspended_at"].is_null(),
        })
    }
}

/// The permissions of an installation, as `contents:read`.
pub(crate) fn granted(installation: &Value) -> Vec<String> {
    let permissions = installation["permissions"].as_object().into_iter().flatten();
    permissions.filter_map(|(name, level)| Some(format!("{name}:{}", level.as_str()?))).collect()
}

/// A token for an installation.
pub(crate) struct MintedToken {
    pub(crate) token: Secret,
    pub(crate) expires_at: Timestamp,
}

impl Github {
    /// An installation, asked for as the app.
    pub(crate) async fn installation(&self, api: &Api, id: &str, now: Timestamp) -> Result<Installation, Trouble> {
        Installation::read(&as_app(api, "GET", &format!("/app/installations/{id}"), None, now).await?.body)
    }

    /// Uninstalls the app from an account, as the app.
    pub(crate) async fn uninstall(&self, api: &Api, id: &str, now: Timestamp) -> Result<(), Trouble> {
        as_app(api, "DELETE", &format!("/app/installations/{id}"), None, now).await.map(drop)
    }

    /// Makes a token for an installation, as the app.
    pub(crate) async fn mint(&self, api: &Api, id: &str, now: Timestamp) -> Result<MintedToken, Trouble> {
        let made = as_app(api, "POST", &format!("/app/installations/{id}/access_tokens"), None, now).await?.body;
        let expires_at = made.time("expires_at").ok_or_else(|| Trouble::Invalid("the token has no end".to_owned()))?;
        Ok(MintedToken { token: Secret::new(needed_text(&made, "token")?), expires_at })
    }

    /// The installation with this number among those that a person can reach; `None` if it is not
    /// among them. All pages are read.
    pub(crate) async fn installation_of_user(
        &self,
        api: &Api,
        number: &str,
        now: Timestamp,
    ) -> Result<Option<Installation>, Trouble> {
        let mut next = Some("/user/installations?per_page=100".to_owned());
        for _ in 0..PAGES {
            let Some(path) = next else { return Ok(None) };
            let page = api.get(&path, now).await?;
            let listed = page.body["installations"].as_array();
            let listed = listed.ok_or_else(|| Trouble::Invalid("it has no installations".to_owned()))?;
            if let Some(found) = listed.iter().find(|it| it.id("id").as_deref() == Some(number)) {
                return Installation::read(found).map(Some);
            }
            next = page.next;
        }
        Err(Trouble::Invalid("the person has too many installations".to_owned()))
    }

    /// True if a person governs the account of an installation: it is their own, or they are an
    /// owner of the organisation.
    pub(crate) async fn governs(
        &self,
        api: &Api,
        user: &GithubUser,
        installation: &Installation,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        if !installation.is_organisation {
            return Ok(installation.account_id == user.id);
        }
        let membership = api.get(&format!("/user/memberships/orgs/{}", installation.account), now).await;
        match membership {
            Ok(page) => Ok(page.body["role"] == "admin" && page.body["state"] == "active"),
            Err(Trouble::Missing | Trouble::Forbidden(_)) => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }
}
