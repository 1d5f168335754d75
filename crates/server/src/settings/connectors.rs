//! The settings of connectors: our OAuth application at each provider, and the provider's addresses.

use std::time::Duration;

use campanile_base::Secret;
use campanile_inbound::connectors::backfill::DEPTHS;
use campanile_inbound::connectors::{
    GithubAppSettings, GithubSettings, GitlabSettings, NotionSettings, OauthSettings, PagerdutySettings,
    SentrySettings, Settings, VercelSettings,
};

use super::{Layers, duration};

/// The times that may lie between two polls.
const SHORTEST_POLL: Duration = Duration::from_secs(1);
const LONGEST_POLL: Duration = Duration::from_secs(24 * 3_600);

impl Layers {
    /// The settings of all connectors.
    pub(super) fn connectors(&self) -> Result<Settings, String> {
        let linear = OauthSettings {
            client_id: self.some("connector_linear_client_id"),
            client_secret: self.hidden("connector_linear_client_secret"),
            api_url: self.address("connector_linear_api_url")?,
            web_url: self.address("connector_linear_web_url")?,
        };
        if linear.client_id.is_none() && linear.client_secret.is_some() {
            return Err(self.wrong("connector_linear_client_secret", "needs connector_linear_client_id"));
        }
        let backfill_depth = self.backfill_depth()?;
        let budget_reserve = self.number("connector_budget_reserve")?;
        if !(0..=90).contains(&budget_reserve) {
            return Err(self.wrong("connector_budget_reserve", "must be 0 to 90"));
        }
        let github = GithubSettings {
            api_url: self.address("connector_github_api_url")?,
            web_url: self.address("connector_github_web_url")?,
            app: self.github_app()?,
        };
        let notion = NotionSettings {
            api_url: self.address("connector_notion_api_url")?,
            client_id: self.some("connector_notion_client_id"),
            client_secret: self.hidden("connector_notion_client_secret"),
        };
        if notion.client_id.is_some() != notion.client_secret.is_some() {
            let given = if notion.client_id.is_some() { "client_id" } else { "client_secret" };
            let name = format!("connector_notion_{given}");
            return Err(self.wrong(&name, "needs the other one of connector_notion_client_id and _client_secret"));
        }
        let public_url = self.provider_url("public_url", &[])?;
        let (poll, reconciles) = (self.poll()?, self.text("connector_reconcile") != "off");
        if !["daily", "off"].contains(&self.text("connector_reconcile")) {
            return Err(self.wrong("connector_reconcile", "must be daily or off"));
        }
        let (vercel, sentry) = (self.vercel()?, SentrySettings { api_url: self.address("connector_sentry_api_url")? });
        let pagerduty = PagerdutySettings { api_url: self.address("connector_pagerduty_api_url")? };
        let gitlab = GitlabSettings { api_url: self.address("connector_gitlab_api_url")? };
        Ok(Settings {
            public_url,
            github,
            linear,
            notion,
            vercel,
            sentry,
            pagerduty,
            gitlab,
            backfill_depth,
            budget_reserve,
            poll,
            reconciles,
        })
    }

    /// Vercel, and our integration there. The three settings of the integration belong together.
    fn vercel(&self) -> Result<VercelSettings, String> {
        const NAMES: [&str; 3] =
            ["connector_vercel_client_id", "connector_vercel_client_secret", "connector_vercel_slug"];
        let given = NAMES.map(|name| self.some(name));
        let missing = NAMES.iter().zip(&given).find(|(_, value)| value.is_none());
        let present = NAMES.iter().zip(&given).find(|(_, value)| value.is_some());
        if let (Some((missing, _)), Some((present, _))) = (missing, present) {
            return Err(self.wrong(present, &format!("needs {missing} too")));
        }
        let [client_id, client_secret, slug] = given;
        if slug.as_ref().is_some_and(|slug| !slug.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')) {
            return Err(self.wrong(NAMES[2], "must be the integration's name as in the address of its page"));
        }
        let (api_url, web_url) = (self.address("connector_vercel_api_url")?, self.address("connector_vercel_web_url")?);
        let client_secret = client_secret.map(Secret::new);
        Ok(VercelSettings { oauth: OauthSettings { client_id, client_secret, api_url, web_url }, slug })
    }

    /// The app of this server at GitHub. All of its settings belong together, but the secret of its
    /// webhooks may be missing.
    fn github_app(&self) -> Result<Option<GithubAppSettings>, String> {
        const NAMES: [&str; 6] = [
            "connector_github_app_id",
            "connector_github_slug",
            "connector_github_client_id",
            "connector_github_client_secret",
            "connector_github_private_key",
            "connector_github_webhook_secret",
        ];
        let [app_id, slug, client_id, client_secret, private_key, webhook_secret] = NAMES.map(|name| self.some(name));
        let needed = [&app_id, &slug, &client_id, &client_secret, &private_key];
        let missing = needed.iter().position(|value| value.is_none());
        let (Some(app_id), Some(slug), Some(client_id), Some(client_secret), Some(private_key)) =
            (app_id, slug, client_id, client_secret, private_key)
        else {
            let Some(given) = NAMES.iter().find(|name| self.some(name).is_some()) else { return Ok(None) };
            return Err(self.wrong(given, &format!("needs {} too", NAMES[missing.unwrap_or_default()])));
        };
        if !slug.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            return Err(self.wrong("connector_github_slug", "must be the app's name as in the address of its page"));
        }
        // A setting is one line, in which the ends of lines are often written as \n.
        let private_key = Secret::new(private_key.replace("\\n", "\n"));
        let (client_secret, webhook_secret) = (Secret::new(client_secret), webhook_secret.map(Secret::new));
        Ok(Some(GithubAppSettings { app_id, slug, client_id, client_secret, private_key, webhook_secret }))
    }

    /// The depth of the backfill that begins by itself; `None` for none.
    fn backfill_depth(&self) -> Result<Option<i64>, String> {
        let name = "connector_backfill_depth";
        if self.some(name).is_some_and(|text| text == "off") {
            return Ok(None);
        }
        let depth: i64 = self.number(name)?;
        match DEPTHS.contains(&depth) {
            true => Ok(Some(depth)),
            false => Err(self.wrong(name, "must be 1, 7, 30, 90 or off")),
        }
    }

    /// The time between two polls of a source; `None` for none.
    fn poll(&self) -> Result<Option<Duration>, String> {
        let name = "connector_poll";
        if self.text(name) == "off" {
            return Ok(None);
        }
        match duration(self.text(name)) {
            Some(every) if (SHORTEST_POLL..=LONGEST_POLL).contains(&every) => Ok(Some(every)),
            _ => Err(self.wrong(name, "must be a time from 1s to 1d, such as 5m, or off")),
        }
    }

    /// The base URL of a provider, which always has one.
    fn address(&self, name: &'static str) -> Result<String, String> {
        self.provider_url(name, &[])?.ok_or_else(|| self.wrong(name, "must not be empty"))
    }
}
