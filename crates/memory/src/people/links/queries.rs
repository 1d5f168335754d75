//! The SQL of links.

use campanile_accounts::OrganisationId;
use campanile_base::Timestamp;
use campanile_db::{Result, Row, Select, Tx, insert_all, params, row};

/// An actor that was joined to a person.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) actor_id: String,
    pub(crate) person_id: String,
    /// `email`, `login` or `hand`.
    pub(crate) method: String,
    pub(crate) confidence: f64,
    pub(crate) joined_at: Timestamp,
}

campanile_db::columns! { columns, at: actor_id, person_id, method, confidence, joined_at }

/// The links of these actors; none for those that are people of their own.
pub(crate) async fn of_actors(tx: &mut Tx, organisation: &OrganisationId, actors: &[String]) -> Result<Vec<Link>> {
    of(tx, organisation, "actor_id", actors).await
}

/// The links to these people; none for those of one actor.
pub(crate) async fn of_people(tx: &mut Tx, organisation: &OrganisationId, people: &[String]) -> Result<Vec<Link>> {
    of(tx, organisation, "person_id", people).await
}

async fn of(tx: &mut Tx, organisation: &OrganisationId, column: &'static str, values: &[String]) -> Result<Vec<Link>> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!("SELECT ", columns!(), " FROM actor_person WHERE organisation_id = ?");
    let select = Select::new(sql, [organisation.as_str()]).and_in(column, values.iter().map(String::as_str));
    select.then(" ORDER BY joined_at, actor_id").all(tx, read).await
}

/// The accounts with a mail address: their providers and their actors.
pub(super) async fn with_email(
    tx: &mut Tx,
    organisation: &OrganisationId,
    email: &str,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT DISTINCT provider, canonical_id FROM actor_identity
        WHERE organisation_id = $1 AND email_key = $2 ORDER BY provider, canonical_id LIMIT 100";
    tx.all(sql, params![organisation.as_str(), email], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// True if Vercel has named the author of a commit so.
pub(super) async fn is_author(tx: &mut Tx, organisation: &OrganisationId, actor: &str) -> Result<bool> {
    let sql = "SELECT provider_id FROM actor_identity
        WHERE organisation_id = $1 AND canonical_id = $2 AND provider = 'vercel' LIMIT 1";
    Ok(tx.first(sql, params![organisation.as_str(), actor], |row| row.get::<String>(0)).await?.is_some())
}

/// True if the organisation has an account with this id, or had one that is part of a person.
pub(super) async fn is_known(tx: &mut Tx, organisation: &OrganisationId, actor: &str) -> Result<bool> {
    let sql = "SELECT canonical_id FROM actor_identity WHERE organisation_id = $1 AND canonical_id = $2
        UNION ALL SELECT actor_id FROM actor_person WHERE organisation_id = $1 AND actor_id = $2
        UNION ALL SELECT person_id FROM actor_person WHERE organisation_id = $1 AND person_id = $2 LIMIT 1";
    Ok(tx.first(sql, params![organisation.as_str(), actor], |row| row.get::<String>(0)).await?.is_some())
}

/// Joins actors to a person. Those that are joined already keep the reason.
pub(super) async fn set_person(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &str,
    actors: &[String],
    (method, confidence): (&'static str, f64),
    now: Timestamp,
) -> Result<()> {
    let (bulk, rows) = insert_all!(actors.iter() => |actor| "actor_person" {
        organisation_id: text = organisation.as_str(),
        actor_id: text = actor,
        person_id: text = person,
        method: text = method,
        confidence: float8 = confidence,
        joined_at: bigint = now,
    } "ON CONFLICT (organisation_id, actor_id) DO UPDATE SET person_id = excluded.person_id");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

/// Makes a person of actors, of which the one with the person's id is the first.
pub(super) async fn move_person(
    tx: &mut Tx,
    organisation: &OrganisationId,
    person: &str,
    actors: &[String],
) -> Result<()> {
    let rows: Vec<_> = actors.iter().map(|actor| row![organisation.as_str(), actor, person]).collect();
    let moved = "UPDATE actor_person SET person_id = $3 WHERE organisation_id = $1 AND actor_id = $2";
    tx.execute_many(moved, &rows).await?;
    let first = "DELETE FROM actor_person WHERE organisation_id = $1 AND actor_id = $2";
    tx.execute(first, params![organisation.as_str(), person]).await.map(drop)
}

/// Forgets which person actors were joined to.
pub(super) async fn forget(tx: &mut Tx, organisation: &OrganisationId, actors: &[String]) -> Result<()> {
    let rows: Vec<_> = actors.iter().map(|actor| row![organisation.as_str(), actor]).collect();
    tx.execute_many("DELETE FROM actor_person WHERE organisation_id = $1 AND actor_id = $2", &rows).await.map(drop)
}

/// The pairs of two groups, the lower id first.
fn pairs<'a>(some: &'a [String], others: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    some.iter().flat_map(move |one| others.iter().map(move |other| (one.min(other).as_str(), one.max(other).as_str())))
}

pub(super) async fn any_apart(
    tx: &mut Tx,
    organisation: &OrganisationId,
    some: &[String],
    others: &[String],
) -> Result<bool> {
    let sql = "SELECT actor_id, other_id FROM actor_apart WHERE organisation_id = ?";
    let all = || some.iter().chain(others).map(String::as_str);
    let select = Select::new(sql, [organisation.as_str()]).and_in("actor_id", all()).and_in("other_id", all());
    let rows: Vec<(String, String)> = select.all(tx, |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(pairs(some, others).any(|(one, other)| rows.iter().any(|row| row.0 == one && row.1 == other)))
}

pub(super) async fn insert_apart(
    tx: &mut Tx,
    organisation: &OrganisationId,
    some: &[String],
    others: &[String],
    now: Timestamp,
) -> Result<()> {
    let (bulk, rows) = insert_all!(pairs(some, others) => |(one, other)| "actor_apart" {
        organisation_id: text = organisation.as_str(),
        actor_id: text = one,
        other_id: text = other,
        said_at: bigint = now,
    } "ON CONFLICT (organisation_id, actor_id, other_id) DO NOTHING");
    tx.execute_many(bulk.each, &rows).await.map(drop)
}

pub(super) async fn delete_apart(
    tx: &mut Tx,
    organisation: &OrganisationId,
    some: &[String],
    others: &[String],
) -> Result<()> {
    let rows: Vec<_> = pairs(some, others).map(|(one, other)| row![organisation.as_str(), one, other]).collect();
    let sql = "DELETE FROM actor_apart WHERE organisation_id = $1 AND actor_id = $2 AND other_id = $3";
    tx.execute_many(sql, &rows).await.map(drop)
}

fn read(row: &Row<'_>) -> Result<Link> {
    Ok(Link {
        actor_id: row.get(at::actor_id)?,
        person_id: row.get(at::person_id)?,
        method: row.get(at::method)?,
        confidence: row.get(at::confidence)?,
        joined_at: row.get(at::joined_at)?,
    })
}
