//! Evidence that two accounts belong to one person, too weak to join them: equal names and handles.
//!
//! Pure: the accounts come from the caller.

use std::collections::BTreeMap;

use super::Account;
use super::links::email_key;

/// Two people who may be one, with the evidence.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Likeness {
    pub(super) people: (String, String),
    pub(super) reason: &'static str,
    pub(super) shared: String,
    pub(super) confidence: f64,
}

/// A name that more people than these share says nothing.
const MOST_SHARING: usize = 4;
/// The shortest handle that says something.
const SHORTEST: usize = 3;

/// The pairs of people who are alike, the most certain first, each pair once. `person` tells the
/// person of an actor.
pub(super) fn likenesses<'a>(accounts: &'a [Account], person: impl Fn(&'a str) -> &'a str) -> Vec<Likeness> {
    let mut sharing: BTreeMap<(usize, String), BTreeMap<&str, Origins>> = BTreeMap::new();
    for account in accounts {
        for (kind, text, origin) in traits(account) {
            let people = sharing.entry((kind, text)).or_default();
            let origins = people.entry(person(&account.actor_id)).or_default();
            origins.is_name |= origin == Origin::Name;
            origins.is_email |= origin == Origin::Email;
        }
    }
    let mut found: BTreeMap<(String, String), Likeness> = BTreeMap::new();
    // The kinds come in order, the strongest first.
    for ((kind, shared), people) in sharing {
        if people.len() > MOST_SHARING {
            continue;
        }
        let (reason, confidence) = KINDS[kind];
        let people: Vec<(&str, Origins)> = people.into_iter().collect();
        for (at, (one, origins)) in people.iter().enumerate() {
            for (other, others) in &people[at + 1..] {
                if kind == HANDLE_OF_EMAIL && !origins.fit(*others) {
                    continue;
                }
                let pair = ((*one).to_owned(), (*other).to_owned());
                let likeness = Likeness { people: pair.clone(), reason, shared: shared.clone(), confidence };
                found.entry(pair).or_insert(likeness);
            }
        }
    }
    let mut found: Vec<Likeness> = found.into_values().collect();
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.people.cmp(&b.people)));
    found
}

/// The field of an account that a text was made of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Name,
    Email,
}

/// The fields in which a person has a text.
#[derive(Clone, Copy, Default)]
struct Origins {
    is_name: bool,
    is_email: bool,
}

impl Origins {
    /// True if one has it as a name and the other in an address.
    fn fit(self, other: Self) -> bool {
        self.is_name && other.is_email || self.is_email && other.is_name
    }
}

/// The kinds of evidence with their confidence, the strongest first.
const KINDS: [(&str, f64); 4] = [("email", 0.8), ("name", 0.7), ("handle", 0.6), ("handle_of_email", 0.5)];

const EMAIL: usize = 0;
const NAME: usize = 1;
const HANDLE: usize = 2;
const HANDLE_OF_EMAIL: usize = 3;

/// The texts by which an account is compared, with their kinds.
fn traits(account: &Account) -> Vec<(usize, String, Origin)> {
    let mut traits = Vec::new();
    let name = plain(&account.name);
    if name.chars().count() >= SHORTEST {
        if account.name.trim().contains(char::is_whitespace) {
            traits.push((NAME, name.clone(), Origin::Name));
        }
        traits.extend([(HANDLE, name.clone(), Origin::Name), (HANDLE_OF_EMAIL, name, Origin::Name)]);
    }
    if let Some(email) = email_key(account.email.as_deref()) {
        let local = plain(email.split('@').next().unwrap_or_default());
        if local.chars().count() >= SHORTEST {
            traits.push((HANDLE_OF_EMAIL, local, Origin::Email));
        }
        traits.push((EMAIL, email, Origin::Email));
    }
    traits
}

/// A name without case, spaces and signs: `Ada Lovelace`, `ada.lovelace` and `ada-lovelace` are the same.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
