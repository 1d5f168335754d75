//! Handshakes: a tool sends the secret of its webhooks before the first of them, without a signature.
//!
//! Notion does. A person gives it the address of a source; Notion posts a verification token there, and
//! wants it pasted back. With it, later deliveries are signed.
//!
//! # The course
//! * **waiting**: the path takes a token, one a minute at most. A source is so from its link on.
//! * **received**: a token came, and is kept sealed. A newer one may still take its place.
//! * Then a person looks at it, once. It becomes the secret of the source, and the path waits no more.
//!   Whoever needs another one lets the path wait again.
//!
//! Anybody who knows the path could send a token while it waits. Nothing is signed with it unless a
//! person takes it, and Notion refuses a token that it has not sent.

mod queries;

use std::time::Duration;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::{Caller, Permission};
use campanile_base::{Clock, Error, Result, Secret, Timestamp, Vault};
use campanile_db::Tx;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::Provider;
use crate::sources::{self, Overlap, Source, SourceId};

pub(crate) use queries::{begin, forget, of_sources};

/// The time between two tokens that are taken.
const PACE: Duration = Duration::from_secs(60);
/// The length of a token, in characters.
const TOKEN: std::ops::RangeInclusive<usize> = 8..=200;
/// The longest body of a handshake, in bytes.
const BODY: usize = 1_024;

/// The state of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Handshake {
    /// The tool has sent no token yet.
    Waiting,
    /// It has sent one, which nobody has looked at.
    Received,
}

/// A token that a person takes.
#[derive(Debug)]
pub struct SourceToken {
    /// The source.
    pub source: Source,
    /// The token. It is not shown again.
    pub token: Secret,
}

/// The token that a body is; `None` for any other body.
pub(crate) fn token_in(provider: Provider, body: &[u8]) -> Option<Secret> {
    if provider != Provider::Notion || body.len() > BODY {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return None };
    let fields = body.as_object().filter(|fields| fields.len() == 1)?;
    let token = fields.get("verification_token")?.as_str()?;
    let is_plain = TOKEN.contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| Secret::new(token))
}

/// Keeps a token that was sent to a source. `false` if its path does not wait for one, or had one within a
/// minute.
pub(crate) async fn receive(
    tx: &mut Tx,
    vault: &Vault,
    source: &Source,
    token: &Secret,
    now: Timestamp,
) -> campanile_db::Result<bool> {
    let of = (&source.organisation_id, &source.id);
    queries::receive(tx, of, &vault.seal(token), now.minus(PACE), now).await
}

/// Takes the token of a source: it is shown once, and is the secret of the source from now on.
///
/// # Errors
/// `Forbidden`; `NotFound` for another organisation's source; `Conflict` if none has come.
pub async fn take(
    tx: &mut Tx,
    (clock, vault): (&Clock, &Vault),
    caller: &Caller,
    id: &SourceId,
) -> Result<SourceToken> {
    caller.must(Permission::Configure)?;
    sources::find(tx, &caller.organisation, id).await?;
    let sealed = queries::take(tx, &caller.organisation, id).await?;
    let sealed = sealed.ok_or_else(|| Error::conflict("no token has come for this source"))?;
    let token = vault.open(&sealed)?;
    let (source, token) = sources::rotate(tx, clock, vault, caller, id, Some(token), Overlap::None).await?;
    Ok(SourceToken { source, token })
}

/// Lets a source wait for another token. Its present secret stays until that one is taken.
///
/// # Errors
/// `Forbidden`; `NotFound` for another organisation's source; `Conflict` for a tool that sends none.
pub async fn wait_again(tx: &mut Tx, clock: &Clock, caller: &Caller, id: &SourceId) -> Result<()> {
    caller.must(Permission::Configure)?;
    let source = sources::find(tx, &caller.organisation, id).await?;
    let connection = source.resource.as_ref().map(|resource| &resource.connection_id);
    let (true, Some(_)) = (sends_token(source.provider), connection) else {
        return Err(Error::conflict("this tool sends no token before its webhooks"));
    };
    queries::forget(tx, &caller.organisation, id).await?;
    queries::begin(tx, &caller.organisation, id).await?;
    let about = json!({ "provider": source.provider, "path": source.path });
    activity::record(tx, clock, caller, Action::SourceSecretAwaited, id.as_str(), about).await
}

/// True if a provider sends a token before its webhooks.
pub(crate) fn sends_token(provider: Provider) -> bool {
    provider == Provider::Notion
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_body_with_a_token_and_nothing_else_is_a_handshake() {
        let token = |body: &str| token_in(Provider::Notion, body.as_bytes()).map(|token| token.expose().to_owned());
        assert_eq!(token(r#"{"verification_token":"secret_abcdef"}"#).as_deref(), Some("secret_abcdef"));
        for body in ["{}", "[]", "x", r#"{"verification_token":"x"}"#, r#"{"verification_token":"a b c d e f g"}"#] {
            assert_eq!(token(body), None, "{body}");
        }
        assert_eq!(token(r#"{"verification_token":"secret_abcdef","id":"1"}"#), None);
        assert!(token_in(Provider::Linear, br#"{"verification_token":"secret_abcdef"}"#).is_none());
    }
}
