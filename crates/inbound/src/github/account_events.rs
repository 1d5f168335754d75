//! Events about an account that has installed our app: what they change in its connection. Nothing is
//! stored here.

use campanile_base::Result;
use serde::Deserialize;
use serde_json::Value;

use super::app::Installation;
use crate::payload::Read as _;
use crate::remote::ListedResource;

/// The fields of a delivery to an app that say which account and which repository it is about.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct AppOutline {
    installation: Option<Numbered>,
    repository: Option<Numbered>,
}

/// An object with a number.
#[derive(Debug, Deserialize)]
struct Numbered {
    id: Option<i64>,
}

impl AppOutline {
    /// The number of the installation.
    pub(crate) fn account(&self) -> Option<String> {
        Some(self.installation.as_ref()?.id?.to_string())
    }

    /// The number of the repository.
    pub(crate) fn resource(&self) -> Option<String> {
        Some(self.repository.as_ref()?.id?.to_string())
    }
}

/// A change in an account.
#[derive(Debug)]
pub(crate) enum AccountChange {
    /// The app was installed. The person who asked for it, if somebody did.
    Installed {
        installation: Installation,
        requester: Option<String>,
    },
    /// The app was uninstalled.
    Uninstalled,
    /// The owner has suspended it, or resumed it.
    Suspended,
    Resumed,
    /// The owner has granted these permissions.
    Permissions(Vec<String>),
    /// The account has another name.
    Renamed(String),
    /// It was given, or has lost, repositories.
    Repositories {
        added: Vec<Repository>,
        removed: Vec<String>,
    },
    /// A repository was renamed, transferred, archived or made private.
    Repository(Repository),
}

/// A repository as deliveries show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_private: bool,
    pub(crate) is_archived: bool,
}

impl Repository {
    fn read(object: &Value) -> Option<Self> {
        let (is_private, is_archived) = (object.flag("private"), object.flag("archived"));
        Some(Self { id: object.id("id")?, name: object.text("full_name")?.to_owned(), is_private, is_archived })
    }

    /// The resource that it is.
    pub(crate) fn listed(self, web_url: &str) -> ListedResource {
        let Self { id, name, is_private, is_archived } = self;
        let url = Some(format!("{web_url}/{name}"));
        ListedResource { kind: "repository", id, name, url, is_private, is_archived }
    }
}

/// True if an event may change the account or its repositories.
pub(crate) fn is_about_account(event: &str) -> bool {
    matches!(event, "installation" | "installation_repositories" | "installation_target" | "repository")
}

/// The change that an event makes; `None` if it makes none.
///
/// # Errors
/// `Invalid` when a required field is missing.
pub(crate) fn change(event: &str, payload: &Value) -> Result<Option<AccountChange>> {
    let all = |list: &str| -> Vec<Repository> { payload.list(list).iter().filter_map(Repository::read).collect() };
    let ids = |list: &str| -> Vec<String> { payload.list(list).iter().filter_map(|it| it.id("id")).collect() };
    let changed = match (event, payload.needed("action")?) {
        ("installation", "created") => {
            let installation = Installation::read(&payload["installation"])
                .map_err(|trouble| campanile_base::Error::invalid(trouble.to_string()))?;
            AccountChange::Installed { installation, requester: payload.id("requester/id") }
        }
        ("installation", "deleted") => AccountChange::Uninstalled,
        ("installation", "suspend") => AccountChange::Suspended,
        ("installation", "unsuspend") => AccountChange::Resumed,
        ("installation", "new_permissions_accepted") => {
            AccountChange::Permissions(super::app::granted(&payload["installation"]))
        }
        ("installation_target", "renamed") => AccountChange::Renamed(payload.needed("account/login")?.to_owned()),
        ("installation_repositories", _) => {
            AccountChange::Repositories { added: all("repositories_added"), removed: ids("repositories_removed") }
        }
        ("repository", "deleted") => {
            let removed = payload.id("repository/id").into_iter().collect();
            AccountChange::Repositories { added: Vec::new(), removed }
        }
        ("repository", _) => match Repository::read(&payload["repository"]) {
            Some(repository) => AccountChange::Repository(repository),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(changed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_event_about_an_account_changes_what_it_says() {
        let account = json!({ "id": 7, "login": "acme", "type": "Organization" });
        let installation = json!({ "id": 5, "account": account, "permissions": { "issues": "read" } });
        let of = |event: &str, action: &str, more: Value| {
            let mut payload = json!({ "action": action, "installation": installation });
            payload.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            change(event, &payload).unwrap()
        };
        let made = of("installation", "created", json!({ "requester": { "id": 9 } }));
        assert!(matches!(made, Some(AccountChange::Installed { installation, requester: Some(who) })
            if installation.id == "5" && who == "9"));
        assert!(matches!(of("installation", "deleted", json!({})), Some(AccountChange::Uninstalled)));
        assert!(matches!(of("installation", "suspend", json!({})), Some(AccountChange::Suspended)));
        assert!(matches!(of("installation", "unsuspend", json!({})), Some(AccountChange::Resumed)));
        let accepted = of("installation", "new_permissions_accepted", json!({}));
        assert!(matches!(accepted, Some(AccountChange::Permissions(all)) if all == ["issues:read"]));
        let renamed = of("installation_target", "renamed", json!({ "account": { "login": "acme2" } }));
        assert!(matches!(renamed, Some(AccountChange::Renamed(name)) if name == "acme2"));
        let repository = json!({ "id": 1, "full_name": "acme/one", "private": true });
        let lists = json!({ "repositories_added": [repository], "repositories_removed": [{ "id": 2 }] });
        let Some(AccountChange::Repositories { added, removed }) = of("installation_repositories", "added", lists)
        else {
            panic!("repositories came and went")
        };
        assert_eq!((added[0].name.as_str(), added[0].is_private, removed), ("acme/one", true, vec!["2".to_owned()]));
        let gone = of("repository", "deleted", json!({ "repository": repository }));
        assert!(matches!(gone, Some(AccountChange::Repositories { removed, .. }) if removed == ["1"]));
        let archived = json!({ "id": 1, "full_name": "acme/one", "archived": true });
        let changed = of("repository", "archived", json!({ "repository": archived }));
        assert!(matches!(changed, Some(AccountChange::Repository(it)) if it.is_archived));
        assert!(of("installation", "anything", json!({})).is_none());
        assert!(change("installation", &json!({})).is_err());
    }
}
