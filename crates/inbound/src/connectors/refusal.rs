//! The reasons why nothing was connected, for the person who tried.

use campanile_base::Error;

use crate::connections::states::StateRefusal;
use crate::remote::Trouble;

/// The number of characters of a provider's sentence that are shown.
const SENTENCE: usize = 200;

/// The reason why nothing was connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectRefusal {
    /// A stable word.
    pub code: &'static str,
    /// A sentence for the person.
    pub message: String,
}

impl ConnectRefusal {
    /// A refusal.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(super) fn of_state(refusal: StateRefusal) -> Self {
        match refusal {
            StateRefusal::Unknown => {
                Self::new("state_unknown", "This link was used before, or is too old. Begin again in the console.")
            }
            StateRefusal::NotTheirs => Self::new(
                "state_mismatch",
                "Somebody else began this, or you are now in another organisation. Begin again in the console.",
            ),
            StateRefusal::Expired => {
                Self::new("state_expired", "It took more than ten minutes. Begin again in the console.")
            }
        }
    }

    pub(super) fn of_trouble(name: &str, trouble: &Trouble) -> Self {
        let message = match trouble {
            Trouble::GrantEnded => format!("{name} does not accept the code. Begin again in the console."),
            Trouble::Ours(error) => return Self::of_error(error),
            other => format!("{name} was asked, but {other}."),
        };
        Self::new("provider_failed", message)
    }

    pub(super) fn of_error(error: &Error) -> Self {
        match error {
            Error::Internal(_) | Error::Unavailable { .. } => {
                tracing::error!(error = error.chain(), "a connection could not be stored");
                Self::new("not_stored", "The connection could not be stored. Begin again in the console.")
            }
            other => Self::new("refused", other.to_string()),
        }
    }

    /// The refusal that a provider sends with the person.
    pub(super) fn of_provider(name: &str, error: &str, description: Option<&str>) -> Self {
        if error == "access_denied" {
            return Self::new("denied", format!("The access was not granted at {name}. Nothing was connected."));
        }
        let said = description.unwrap_or(error).chars().filter(|c| !c.is_control()).take(SENTENCE);
        Self::new("provider_failed", format!("{name} refused: {}", said.collect::<String>()))
    }
}
