//! The SQL of the accounts that people have.

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::is_web_address;
use campanile_db::{Result, Row, Select, Tx, params};

use super::Account;

campanile_db::columns! {
    columns, at:
    canonical_id = "actor_identity.canonical_id",
    provider = "actor_identity.provider",
    provider_id = "actor_identity.provider_id",
    username = "actor_identity.username",
    email = "actor_identity.email",
    avatar_url = "actor_identity.avatar_url",
    method = "actor_identity.method",
    seen_at = "actor_identity.seen_at",
}

/// The accounts of these actors, those that were seen last first.
pub(super) async fn accounts_of(
    tx: &mut Tx,
    organisation: &OrganisationId,
    actors: &[String],
    most: i64,
) -> Result<Vec<Account>> {
    if actors.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!("SELECT ", columns!(), " FROM actor_identity WHERE organisation_id = ?");
    Select::new(sql, [organisation.as_str()])
        .and_in("canonical_id", actors.iter().map(String::as_str))
        .then_with(" ORDER BY seen_at DESC, provider, provider_id LIMIT ?", [most])
        .all(tx, read)
        .await
}

/// The accounts of the actors of a workspace, those that were seen last first.
pub(super) async fn accounts_in(
    tx: &mut Tx,
    organisation: &OrganisationId,
    workspace: &WorkspaceId,
    most: i64,
) -> Result<Vec<Account>> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM actor_profile JOIN actor_identity ON actor_identity.organisation_id = $1
            AND actor_identity.canonical_id = actor_profile.actor_id
        WHERE actor_profile.workspace_id = $2
        ORDER BY actor_profile.last_active_at DESC, actor_identity.provider, actor_identity.provider_id LIMIT $3"
    );
    tx.all(sql, params![organisation.as_str(), workspace.as_str(), most], read).await
}

/// The actors with this name, mail address or id, in lower case.
pub(super) async fn named(tx: &mut Tx, organisation: &OrganisationId, key: &str, most: i64) -> Result<Vec<String>> {
    let sql = "SELECT canonical_id FROM actor_identity WHERE organisation_id = $1 AND name_key = $2
        UNION SELECT canonical_id FROM actor_identity WHERE organisation_id = $1 AND email_key = $2
        ORDER BY canonical_id LIMIT $3";
    tx.all(sql, params![organisation.as_str(), key, most], |row| row.get(0)).await
}

/// The actors whose name, mail address or id has this text, and who have an account at this provider.
pub(super) async fn matching(
    tx: &mut Tx,
    organisation: &OrganisationId,
    text: Option<&str>,
    provider: Option<&str>,
    most: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT canonical_id FROM actor_identity WHERE organisation_id = ?";
    let mut select = Select::new(sql, [organisation.as_str()]).and_if("provider = ?", provider);
    if let Some(text) = text {
        let within = format!("%{}%", text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        select = select.and_with(
            "(name_key LIKE ? ESCAPE '\\' OR LOWER(email) LIKE ? ESCAPE '\\' OR LOWER(canonical_id) LIKE ? ESCAPE '\\')",
            [within.clone(), within.clone(), within],
        );
    }
    let ordered = select.then_with(" GROUP BY canonical_id ORDER BY MAX(seen_at) DESC, canonical_id LIMIT ?", [most]);
    ordered.all(tx, |row| row.get(0)).await
}

fn read(row: &Row<'_>) -> Result<Account> {
    Ok(Account {
        actor_id: row.get(at::canonical_id)?,
        provider: row.get(at::provider)?,
        provider_id: row.get(at::provider_id)?,
        name: row.get(at::username)?,
        email: row.get(at::email)?,
        avatar_url: row.get::<Option<String>>(at::avatar_url)?.filter(|url| is_web_address(url)),
        method: row.get(at::method)?,
        seen_at: row.get(at::seen_at)?,
    })
}
