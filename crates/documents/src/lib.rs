//! The documents of notifications: workflows, templates, conditions, calendars. Pure.
//!
//! A *workflow* is written as a [definition]. It is [checked](check()) when it is written, and
//! compiled to a [`Program`] once for each version. Its texts are Liquid [templates](template),
//! rendered within bounds. Its [conditions] decide if a step is taken. A [calendar](calendar)
//! computes the end of a wait. This crate knows no database, no network and no organisation: the
//! caller passes the variables and the time.

pub mod calendar;
mod channel_group;
mod channel_type;
pub mod check;
pub mod conditions;
pub mod content;
pub mod definition;
pub mod layout;
pub mod markdown;
mod merge;
pub mod mrkdwn;
pub mod program;
mod schema;
pub mod template;
mod text;
pub mod waits;

pub use channel_group::ChannelGroup;
pub use channel_type::ChannelType;
pub use check::{Fault, check};
pub use content::Content;
pub use merge::merge;
pub use program::{Fork, Op, Program};
pub use schema::Schema;
pub use template::{Template, TemplateError};
pub use text::Text;
