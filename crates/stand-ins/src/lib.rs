//! Stand-ins for what Campanile talks to: for `campanile demo`, tests and benchmarks.
//!
//! * [`provider`]: deliveries, signed as their providers sign them.
//! * [`receiver`]: an HTTP endpoint that records the requests it gets.
//! * [`model`]: a language model that writes what it is told to, or fails in one of many ways.
//! * [`embeddings`]: a provider of vectors and of orders, which can fail in as many.
//! * [`github`]: GitHub's API, with people and repositories.
//! * [`linear`]: an organisation at Linear, which consents and gives tokens.
//! * [`notion`]: a workspace at Notion, with pages that are shared.
//! * [`vercel`]: Vercel's API, with a team, its projects and their deployments.
//! * [`sentry`]: Sentry's API, with organisations, their projects and issues.
//! * [`pagerduty`]: an account at PagerDuty, with incidents and their logs.
//! * [`gitlab`]: a GitLab with projects, merge requests, issues and releases.
//! * [`mailbox`]: an SMTP server that keeps the mails it gets.

pub mod embeddings;
mod exchange;
pub mod github;
pub mod gitlab;
pub mod linear;
pub mod mailbox;
pub mod model;
pub mod notion;
pub mod pagerduty;
pub mod provider;
pub mod receiver;
mod request;
pub mod sentry;
pub mod vercel;
