//! The catalogue of connectors: the tools that can be connected, what is read of each, and with
//! which permissions.

use serde::Serialize;
use utoipa::ToSchema;

use super::Connectors;
use crate::Provider;
use crate::github::app::manifest::PERMISSIONS;
use crate::remote::{RequestedPermission, TokenField};

/// A tool that can be connected, now or in a later version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Connector {
    /// The word for it in paths.
    pub provider: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// `available`, or `coming_soon`.
    pub state: ConnectorState,
    /// True if webhooks of it are taken, by a source that is set up by hand.
    pub takes_webhooks: bool,
    /// True if a person can connect it by consenting at the provider. It needs an OAuth application
    /// or an app of this server there, which an operator sets up.
    pub has_oauth: bool,
    /// True if an organisation can register an app of its own there, which accounts install.
    pub has_own_app: bool,
    /// True if a person can connect it with a token of theirs.
    pub has_token: bool,
    /// The drawback of such a token, in a sentence; `null` without one.
    pub token_warning: Option<&'static str>,
    /// The fields that are filled in beside a token.
    pub token_fields: &'static [TokenField],
    /// The likely reason for an account without resources, in a sentence; `null` if there is none to name.
    pub empty_list: Option<&'static str>,
    /// The address to which the provider must be told to lead people back.
    pub redirect_uri: Option<String>,
    /// The kinds of data that are read.
    pub reads: &'static [&'static str],
    /// The permissions that are asked for.
    pub permissions: &'static [RequestedPermission],
    /// True if the provider must reach this server to connect it.
    pub needs_public_url: bool,
}

/// The state of a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum ConnectorState {
    Available,
    ComingSoon,
}

const LINEAR_PERMISSIONS: &[RequestedPermission] = &[RequestedPermission {
    scope: "read",
    reason: "To read the organisation's name, its teams and their history. Nothing is changed in Linear.",
}];
const LINEAR_TOKEN: &str = "The key is its owner's: it sees what they see, and ends with their account.";

const GITHUB_TOKEN: &str = "The token is its owner's: it sees what they see, acts in their name, and ends with \
    their account. A fine-grained token also ends at its date.";

const NOTION_PERMISSIONS: &[RequestedPermission] = &[RequestedPermission {
    scope: "read content",
    reason: "To read the pages that are shared with the integration. Nothing is changed in Notion.",
}];
const NOTION_TOKEN: &str = "The integration sees no page until one is shared with it: open a page in Notion, and add \
    the integration under the three dots, Connections.";

const VERCEL_PERMISSIONS: &[RequestedPermission] = &[
    RequestedPermission { scope: "team:read, current user:read", reason: "To read the name of the account." },
    RequestedPermission { scope: "projects:read", reason: "To list the projects that can be linked." },
    RequestedPermission {
        scope: "deployments:read",
        reason: "To read the deployments of linked projects. Build logs are not read, and nothing is changed in Vercel.",
    },
];
const VERCEL_TOKEN: &str = "The token is its owner's, and Vercel gives it all their rights in its scope. Choose one team \
    as its scope, and a date at which it ends.";
const VERCEL_EMPTY: &str = "If none comes, the token sees no projects of this account. For those of a team, its scope has \
    to be that team, and the team has to be named beside it.";

const SENTRY_PERMISSIONS: &[RequestedPermission] = &[
    RequestedPermission { scope: "org:read", reason: "To read the organisation's name and its projects." },
    RequestedPermission { scope: "event:read", reason: "To read the issues of linked projects, and their activity." },
    RequestedPermission {
        scope: "project:read",
        reason: "To read the errors of linked projects, if they are asked for. Nothing is changed in Sentry.",
    },
];
const SENTRY_TOKEN: &str = "The token of an internal integration belongs to the organisation and does not run out. A \
    person's token sees what they see, and ends with their account.";
const SENTRY_EMPTY: &str = "If none comes, the token sees no projects of this organisation. An internal integration sees all \
    of them; a person sees those of their teams.";

const PAGERDUTY_PERMISSIONS: &[RequestedPermission] = &[RequestedPermission {
    scope: "read-only",
    reason: "To read services, incidents and their logs, and a user, whose page names the account. Nothing is changed \
        in PagerDuty.",
}];
const PAGERDUTY_TOKEN: &str = "A read-only key of the account is enough, and belongs to nobody in person. A key of a \
    person sees what they see, and ends with them.";

const GITLAB_PERMISSIONS: &[RequestedPermission] = &[RequestedPermission {
    scope: "read_api",
    reason: "To read projects, merge requests, issues and releases. Nothing is changed in GitLab.",
}];
const GITLAB_TOKEN: &str = "A token of a group or a project belongs to nobody in person. A personal one sees what its \
    owner sees, and ends with their account. All of them end at their date.";

/// Tools of later versions: the word in paths, the name, and whether a source takes its webhooks.
const COMING_SOON: [(&str, &str, bool); 4] =
    [("slack", "Slack", false), ("zendesk", "Zendesk", false), ("jira", "Jira", false), ("posthog", "PostHog", false)];

impl Connectors {
    /// The catalogue, with the tools first that can be connected now.
    pub fn catalogue(&self) -> Vec<Connector> {
        let later = COMING_SOON.map(|(provider, name, takes_webhooks)| Connector {
            provider,
            name,
            state: ConnectorState::ComingSoon,
            takes_webhooks,
            has_oauth: false,
            has_own_app: false,
            has_token: false,
            token_warning: None,
            token_fields: &[],
            empty_list: None,
            redirect_uri: None,
            reads: &[],
            permissions: &[],
            needs_public_url: false,
        });
        let now = [
            self.github_entry(),
            self.linear_entry(),
            self.notion_entry(),
            self.vercel_entry(),
            self.sentry_entry(),
            self.pagerduty_entry(),
            self.gitlab_entry(),
        ];
        now.into_iter().chain(later).collect()
    }

    fn github_entry(&self) -> Connector {
        Connector {
            has_oauth: self.server_app.is_some(),
            has_own_app: true,
            token_warning: Some(GITHUB_TOKEN),
            redirect_uri: Some(self.return_address(Provider::Github)),
            reads: &["repositories", "pull requests", "issues", "comments", "releases"],
            permissions: PERMISSIONS,
            ..self.entry(Provider::Github)
        }
    }

    fn linear_entry(&self) -> Connector {
        let reads = &["teams", "issues", "comments", "projects", "cycles", "project updates"];
        let permissions = LINEAR_PERMISSIONS;
        Connector { reads, permissions, token_warning: Some(LINEAR_TOKEN), ..self.entry(Provider::Linear) }
    }

    fn notion_entry(&self) -> Connector {
        let (reads, permissions) = (&["pages", "databases", "comments"], NOTION_PERMISSIONS);
        let token_warning = Some(NOTION_TOKEN);
        // They are taken by linked sources only.
        Connector { reads, permissions, token_warning, takes_webhooks: false, ..self.entry(Provider::Notion) }
    }

    fn vercel_entry(&self) -> Connector {
        Connector {
            reads: &["projects", "deployments"],
            permissions: VERCEL_PERMISSIONS,
            token_warning: Some(VERCEL_TOKEN),
            empty_list: Some(VERCEL_EMPTY),
            ..self.entry(Provider::Vercel)
        }
    }

    fn sentry_entry(&self) -> Connector {
        Connector {
            reads: &["projects", "issues", "errors"],
            permissions: SENTRY_PERMISSIONS,
            token_warning: Some(SENTRY_TOKEN),
            empty_list: Some(SENTRY_EMPTY),
            ..self.entry(Provider::Sentry)
        }
    }

    fn pagerduty_entry(&self) -> Connector {
        let (reads, permissions) = (&["services", "incidents", "logs of incidents"], PAGERDUTY_PERMISSIONS);
        Connector { reads, permissions, token_warning: Some(PAGERDUTY_TOKEN), ..self.entry(Provider::Pagerduty) }
    }

    fn gitlab_entry(&self) -> Connector {
        let (reads, permissions) = (&["projects", "merge requests", "issues", "releases"], GITLAB_PERMISSIONS);
        Connector { reads, permissions, token_warning: Some(GITLAB_TOKEN), ..self.entry(Provider::Gitlab) }
    }

    /// The entry of a tool that can be connected, as far as all of them are alike.
    fn entry(&self, provider: Provider) -> Connector {
        let remote = self.remote(provider);
        let app = remote.and_then(|remote| remote.oauth());
        Connector {
            provider: provider.as_str(),
            name: provider.name(),
            state: ConnectorState::Available,
            takes_webhooks: true,
            has_oauth: app.is_some(),
            has_own_app: false,
            has_token: true,
            token_warning: None,
            token_fields: remote.map(|remote| remote.token_fields()).unwrap_or_default(),
            empty_list: None,
            redirect_uri: app.map(|app| app.client.redirect_uri.clone()),
            reads: &[],
            permissions: &[],
            needs_public_url: false,
        }
    }
}
