//! .
use crate::settings::Settings;
pub(crate) async fn run(_s: Settings) -> Result<(), String> { Err("x".into()) }
