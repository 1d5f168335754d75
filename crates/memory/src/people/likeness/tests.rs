use campanile_base::Timestamp;

use super::*;

fn account(id: &str, name: &str, email: Option<&str>) -> Account {
    let (provider, provider_id) = id.split_once(':').unwrap();
    Account {
        actor_id: id.to_owned(),
        provider: provider.to_owned(),
        provider_id: provider_id.to_owned(),
        name: name.to_owned(),
        email: email.map(str::to_owned),
        avatar_url: None,
        method: "webhook".to_owned(),
        seen_at: Timestamp::from_seconds(0),
    }
}

fn found(accounts: &[Account]) -> Vec<(String, String, &'static str)> {
    let found = likenesses(accounts, |actor| actor);
    found.into_iter().map(|likeness| (likeness.people.0, likeness.people.1, likeness.reason)).collect()
}

#[test]
fn the_strongest_evidence_of_a_pair_is_told() {
    let accounts = [
        account("github:7", "ada-lovelace", None),
        account("linear:a", "Ada Lovelace", Some("ada@acme.example")),
        account("sentry:9", "Ada Lovelace", Some("ada@acme.example")),
        account("github:8", "ben", None),
    ];
    let pair = |one: &str, other: &str, reason| (one.to_owned(), other.to_owned(), reason);
    assert_eq!(
        found(&accounts),
        [
            pair("linear:a", "sentry:9", "email"),
            pair("github:7", "linear:a", "handle"),
            pair("github:7", "sentry:9", "handle"),
        ]
    );
}

#[test]
fn a_handle_is_compared_with_addresses_and_addresses_are_not_compared_with_each_other() {
    let accounts = [
        account("github:7", "bernadette", None),
        account("linear:a", "Bernie", Some("bernadette@acme.example")),
        account("linear:b", "Somebody", Some("bernadette@other.example")),
    ];
    let pairs: Vec<_> = found(&accounts).into_iter().map(|(one, other, _)| (one, other)).collect();
    assert_eq!(pairs, [("github:7".to_owned(), "linear:a".to_owned()), ("github:7".to_owned(), "linear:b".to_owned())]);
}

#[test]
fn what_many_share_and_what_machines_share_says_nothing() {
    let many: Vec<Account> = (0..5).map(|n| account(&format!("linear:{n}"), "Developer", None)).collect();
    assert!(found(&many).is_empty());
    let machines = [
        account("github:1", "dependabot[bot]", Some("noreply@github.com")),
        account("linear:2", "Hook", Some("noreply@github.com")),
        account("sentry:3", "al", None),
        account("github:4", "al", None),
    ];
    assert!(found(&machines).is_empty());
}

#[test]
fn accounts_of_one_person_are_not_compared() {
    let accounts = [account("github:7", "ada", None), account("linear:a", "ada", None)];
    assert!(likenesses(&accounts, |_| "github:7").is_empty());
}
