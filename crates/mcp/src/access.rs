//! The caller of a request, and the workspace whose tools they call.

use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use campanile_accounts::assistants::{SCOPE, tokens};
use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Error, Result};
use campanile_http::Web;
use campanile_http::caller::{MemoryReader, bearer, workspace};
use campanile_http::error::ApiError;

/// The scope of a request: one workspace of one organisation.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// The organisation.
    pub(crate) organisation: OrganisationId,
    /// The workspace.
    pub(crate) workspace: WorkspaceId,
}

impl Scope {
    /// Finds the caller's workspace.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown caller; `NotFound` for a workspace that the caller may not
    /// read; `Invalid` if none is named and the key is not bound to one.
    pub(crate) async fn of(web: &Web, parts: &Parts) -> Result<Self> {
        let reader = reader(web, parts).await?;
        let named = named_workspace(&parts.uri, &parts.headers);
        let named = reader.named(named.as_deref())?.ok_or_else(|| {
            Error::invalid("name the workspace: add ?workspace= and its id to the address, or use a memory key")
        })?;
        let workspace = workspace(&web.app, &reader.caller, Some(named)).await?;
        Ok(Self { organisation: reader.caller.organisation, workspace: workspace.id })
    }
}

/// The caller: the holder of an assistant's token, which opens nothing but the tools, or whoever may
/// read the memory.
async fn reader(web: &Web, parts: &Parts) -> Result<MemoryReader> {
    let Some(token) = bearer(&parts.headers)?.filter(|token| tokens::is_access_token(token)) else {
        return MemoryReader::recognise(web, &parts.method, &parts.headers).await;
    };
    let found = tokens::recognise(&web.app.db, &web.app.clock, &web.app.tools_address(), token).await?;
    let holder = found.ok_or(Error::Unauthenticated("this token is not valid, or not any more"))?;
    web.known_keys.connection_used(&web.app, &holder.connection_id);
    Ok(MemoryReader { caller: holder.caller, bound_to: Some(holder.workspace) })
}

/// The workspace in the query, or else in the header.
fn named_workspace(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let query = uri.query().unwrap_or_default();
    let in_query = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "workspace");
    let in_header = || Some(headers.get("x-workspace-id")?.to_str().ok()?.to_owned());
    in_query.map(|(_, value)| value.into_owned()).or_else(in_header)
}

/// The answer to a request whose caller or workspace is not found. Whoever is not known is told
/// where a client can get a token (RFC 9728, 5.1).
pub(crate) fn refused(web: &Web, headers: &HeaderMap, error: Error) -> Response {
    let is_unknown = matches!(error, Error::Unauthenticated(_));
    let mut answer = ApiError(error).into_response();
    if is_unknown {
        let fault = if headers.contains_key(AUTHORIZATION) { ", error=\"invalid_token\"" } else { "" };
        let metadata = format!("{}/.well-known/oauth-protected-resource/mcp", web.app.base_url);
        let challenge = format!("Bearer resource_metadata=\"{metadata}\", scope=\"{SCOPE}\"{fault}");
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            answer.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_named_in_the_query_or_else_in_the_header() {
        let named = |uri: &str, header: Option<&'static str>| {
            let headers = header.map(|value| ("x-workspace-id".parse().unwrap(), HeaderValue::from_static(value)));
            named_workspace(&uri.parse().unwrap(), &headers.into_iter().collect())
        };
        assert_eq!(named("/mcp?workspace=ws_1", Some("ws_2")).as_deref(), Some("ws_1"));
        assert_eq!(named("/mcp?other=1", Some("ws_2")).as_deref(), Some("ws_2"));
        assert_eq!(named("/mcp", None), None);
    }
}
