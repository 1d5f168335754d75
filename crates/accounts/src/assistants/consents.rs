//! Consents: a client asks for access, and a signed-in member agrees or not.
//!
//! A request whose client or address cannot be trusted is an error on the page: nobody is sent
//! anywhere. Every other fault is told to the client, at its address (RFC 6749, 4.1.2.1).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_base::{Clock, Error, Result, Thing, new_id, random_token, sha256_hex};
use campanile_db::Tx;

use super::model::Client;
use super::{SCOPE, clients, queries};
use crate::sessions::Session;
use crate::{WorkspaceId, organisations};

const PREFIX: &str = "mc_";
/// The lifetime of a code. The client fetches its tokens at once.
const VALID_FOR: Duration = Duration::from_secs(60);
/// The longest `state` of a client, in bytes.
const LONGEST_STATE: usize = 2_000;
/// The most characters of the scopes that are asked for.
const LONGEST_SCOPE: usize = 500;

/// The request of a client, as it stands in the address of the page (RFC 6749, 4.1.1).
#[derive(Debug, Clone, Default)]
pub struct AccessRequest {
    /// The client.
    pub client_id: String,
    /// The address to send the person back to.
    pub redirect_uri: String,
    /// Must be `code`.
    pub response_type: String,
    /// The SHA-256 of the client's verifier, in base64url.
    pub code_challenge: String,
    /// Must be `S256`.
    pub code_challenge_method: String,
    /// Returned to the client as it is.
    pub state: Option<String>,
    /// The scopes that are asked for.
    pub scope: Option<String>,
    /// The address of the tools (RFC 8707).
    pub resource: Option<String>,
}

/// The answer to a request of a client.
#[derive(Debug)]
pub enum Review {
    /// A person may decide. The name of the client.
    Decide(String),
    /// Something is wrong with the request: the person is sent back with an error.
    SendBack(String),
}

/// The facts of this server, for all requests.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'i> {
    /// Its public address, by which clients know it.
    pub address: &'i str,
    /// The address of the tools.
    pub resource: &'i str,
}

/// Checks a request, for the page on which a person decides.
///
/// # Errors
/// `NotFound` for an unknown client, `InvalidField` for an address that it has not registered.
pub async fn review(tx: &mut Tx, clock: &Clock, issuer: Issuer<'_>, request: &AccessRequest) -> Result<Review> {
    let client = trusted_client(tx, clock, request).await?;
    Ok(match fault(issuer, request) {
        None => Review::Decide(client.name),
        Some(fault) => Review::SendBack(send_back(issuer, request, &[("error", fault)])),
    })
}

/// Stores that a member agrees, and returns the address to send them to, with a code.
///
/// # Errors
/// As [`review`], and `NotFound` for another organisation's workspace.
pub async fn agree(
    tx: &mut Tx,
    clock: &Clock,
    issuer: Issuer<'_>,
    session: &Session,
    request: &AccessRequest,
    workspace: &WorkspaceId,
) -> Result<String> {
    let client = trusted_client(tx, clock, request).await?;
    if let Some(fault) = fault(issuer, request) {
        return Ok(send_back(issuer, request, &[("error", fault)]));
    }
    let workspace = organisations::workspace(tx, workspace).await?;
    if workspace.organisation_id != session.caller.organisation {
        return Err(Error::NotFound(Thing::Workspace));
    }
    let now = clock.now();
    let code = random_token(PREFIX);
    let agreed = queries::NewCode {
        hash: &sha256_hex(&code),
        connection_id: &new_id("assistant", now),
        client_id: &client.id,
        organisation: &session.caller.organisation,
        workspace: &workspace.id,
        person: &session.person,
        redirect_uri: &request.redirect_uri,
        challenge: &challenge_of(&request.code_challenge).unwrap_or_default(),
        resource: issuer.resource,
        expires_at: now.plus(VALID_FOR),
    };
    queries::insert_code(tx, &agreed).await?;
    queries::keep_client(tx, &client.id).await?;
    Ok(send_back(issuer, request, &[("code", &code)]))
}

/// The address to send a person to who does not agree.
///
/// # Errors
/// As [`review`].
pub async fn decline(tx: &mut Tx, clock: &Clock, issuer: Issuer<'_>, request: &AccessRequest) -> Result<String> {
    trusted_client(tx, clock, request).await?;
    Ok(send_back(issuer, request, &[("error", "access_denied")]))
}

async fn trusted_client(tx: &mut Tx, clock: &Clock, request: &AccessRequest) -> Result<Client> {
    let client = clients::find(tx, clock, &request.client_id).await?.ok_or(Error::NotFound(Thing::Assistant))?;
    match client.has(&request.redirect_uri) {
        true => Ok(client),
        false => Err(Error::invalid_field("redirect_uri", "is not an address that this assistant has registered")),
    }
}

/// The code of what is wrong with a request of a trusted client.
fn fault(issuer: Issuer<'_>, request: &AccessRequest) -> Option<&'static str> {
    let AccessRequest { response_type, code_challenge, code_challenge_method, state, scope, resource, .. } = request;
    let is_long = |text: &Option<String>, most: usize| text.as_ref().is_some_and(|text| text.len() > most);
    if response_type != "code" {
        return Some("unsupported_response_type");
    }
    let is_proof = code_challenge_method == "S256" && challenge_of(code_challenge).is_some();
    if !is_proof || is_long(state, LONGEST_STATE) || is_long(scope, LONGEST_SCOPE) {
        return Some("invalid_request");
    }
    let scopes = scope.as_deref().unwrap_or(SCOPE);
    if !scopes.trim().is_empty() && !scopes.split(' ').any(|name| name == SCOPE) {
        return Some("invalid_scope");
    }
    let is_other = resource.as_deref().is_some_and(|named| !is_resource(named, issuer.resource));
    is_other.then_some("invalid_target")
}

/// True if a client names the address of the tools. A slash at the end and a query make no
/// difference: the query names a workspace, which the person chooses here.
pub(super) fn is_resource(named: &str, own: &str) -> bool {
    let path = named.split('?').next().unwrap_or(named);
    path.strip_suffix('/').unwrap_or(path).eq_ignore_ascii_case(own)
}

/// The hash in a challenge, as hexadecimal digits.
fn challenge_of(challenge: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(challenge).ok().filter(|bytes| bytes.len() == 32)?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The address of a client with an answer: what it asked to have back, and who answers (RFC 9207).
fn send_back(issuer: Issuer<'_>, request: &AccessRequest, answer: &[(&str, &str)]) -> String {
    let mark = if request.redirect_uri.contains('?') { '&' } else { '?' };
    let state = request.state.as_deref().filter(|state| state.len() <= LONGEST_STATE).map(|state| ("state", state));
    let pairs = answer.iter().copied().chain(state).chain([("iss", issuer.address)]);
    let query: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("{}{mark}{}", request.redirect_uri, query.join("&"))
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: Issuer<'_> = Issuer { address: "https://bell.example.com", resource: "https://bell.example.com/mcp" };

    fn request() -> AccessRequest {
        AccessRequest {
            client_id: "client_1".into(),
            redirect_uri: "https://a.example/cb?keep=1".into(),
            response_type: "code".into(),
            code_challenge: URL_SAFE_NO_PAD.encode([7; 32]),
            code_challenge_method: "S256".into(),
            state: Some("a&b=ü".into()),
            scope: None,
            resource: Some("https://bell.example.com/mcp".into()),
        }
    }

    #[test]
    fn each_fault_has_the_code_of_the_standard() {
        assert_eq!(fault(ISSUER, &request()), None);
        let with = |change: fn(&mut AccessRequest)| {
            let mut request = request();
            change(&mut request);
            fault(ISSUER, &request)
        };
        assert_eq!(with(|asked| asked.response_type = "token".into()), Some("unsupported_response_type"));
        assert_eq!(with(|asked| asked.code_challenge_method = "plain".into()), Some("invalid_request"));
        assert_eq!(with(|asked| asked.code_challenge = "short".into()), Some("invalid_request"));
        assert_eq!(with(|asked| asked.state = Some("x".repeat(2_001))), Some("invalid_request"));
        assert_eq!(with(|asked| asked.scope = Some("admin".into())), Some("invalid_scope"));
        assert_eq!(with(|asked| asked.scope = Some("offline_access memory:read".into())), None);
        assert_eq!(with(|asked| asked.resource = Some("https://other.example/mcp".into())), Some("invalid_target"));
        assert_eq!(with(|asked| asked.resource = Some("https://bell.example.com/mcp/?workspace=ws_1".into())), None);
        assert_eq!(with(|asked| asked.resource = Some("https://bell.example.com/mcpx".into())), Some("invalid_target"));
        assert_eq!(with(|asked| asked.resource = None), None);
    }

    #[test]
    fn a_client_gets_back_its_state_and_the_issuer() {
        let address = send_back(ISSUER, &request(), &[("code", "mc_1")]);
        let expected = "https://a.example/cb?keep=1&code=mc_1&state=a%26b%3D%C3%BC&iss=https%3A%2F%2Fbell.example.com";
        assert_eq!(address, expected);
        let plain = AccessRequest { redirect_uri: "app:/cb".into(), state: None, ..request() };
        assert!(send_back(ISSUER, &plain, &[("error", "x")]).starts_with("app:/cb?error=x&iss="));
    }
}
