//! The first start: creates an organisation, a workspace, an owner and a key, once.

use campanile_base::{Clock, Result, Secret};
use campanile_db::Tx;

use crate::activity::{self, Action};
use crate::people::{NewMember, PasswordHash};
use crate::{Caller, Role, Workspace, keys, organisations, people, sessions};

/// The input of a scripted first start. Missing values are generated.
#[derive(Debug, Clone, Default)]
pub struct Founding {
    /// The organisation's secret key, `sk_…`.
    pub secret_key: Option<Secret>,
    /// The owner's mail address.
    pub owner: Option<String>,
    /// The owner's password, hashed.
    pub owner_password: Option<PasswordHash>,
}

/// The result of the first start. Its secrets are shown only once.
#[derive(Debug)]
pub struct FirstRun {
    /// The system, as a caller of the new organisation.
    pub caller: Caller,
    /// The first workspace.
    pub workspace: Workspace,
    /// The owner's address.
    pub owner: String,
    /// The secret key.
    pub secret_key: Secret,
    /// The token of a one-time sign-in link for the owner.
    pub sign_in_word: Secret,
}

/// Creates the first organisation; `None` if one exists already.
///
/// # Errors
/// `Invalid` when the input cannot be used; then nothing is created.
pub async fn found(tx: &mut Tx, clock: &Clock, founding: Founding) -> Result<Option<FirstRun>> {
    tx.lock("campanile founding").await?;
    if organisations::any(tx).await? {
        return Ok(None);
    }
    let organisation = organisations::create(tx, clock, "Campanile").await?;
    let caller = Caller::system(organisation.clone());
    let about = serde_json::json!({});
    activity::record(tx, clock, &caller, Action::OrganisationCreated, organisation.as_str(), about).await?;
    let workspace = organisations::create_workspace(tx, clock, &caller, "default").await?;
    let email = founding.owner.unwrap_or_else(|| "owner@localhost".to_owned());
    let owner = NewMember { email, role: Role::Owner, password: founding.owner_password };
    let owner = people::add(tx, clock, &caller, owner).await?;
    let secret_key = match founding.secret_key {
        Some(secret) => keys::adopt(tx, clock, &caller, "first key", &secret).await.map(|_| secret)?,
        None => keys::create(tx, clock, &caller, "first key").await?.1,
    };
    let sign_in_word = sessions::new_link(tx, clock, &caller.organisation, &owner.id).await?;
    Ok(Some(FirstRun { caller, workspace, owner: owner.email, secret_key, sign_in_word }))
}
