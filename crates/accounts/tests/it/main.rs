//! Accounts on both databases: access, identity and the activity trail.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod members;

use campanile_accounts::activity::{self, Action};
use campanile_accounts::organisations::WorkspaceChanges;
use campanile_accounts::people::{self, NewMember};
use campanile_accounts::sessions::Credentials;
use campanile_accounts::{Founding, MIGRATIONS, Role, found, keys, organisations, sessions};
use campanile_base::{Clock, Cursor, Error, PageSize, Secret, Timestamp};
use campanile_db::Db;
use campanile_db::testing::on_each_database;

async fn founded(db: &Db, clock: &Clock) -> campanile_accounts::FirstRun {
    let password = people::hash(Secret::new("correct horse")).await.unwrap();
    let founding = Founding {
        secret_key: Some(Secret::new("sk_test_1234567890abcdef")),
        owner: Some("Ada@Example.com".into()),
        owner_password: Some(password),
    };
    let clock = clock.clone();
    db.write(move |tx| Box::pin(async move { found(tx, &clock, founding).await })).await.unwrap().expect("it was empty")
}

async fn sign_in(db: &Db, clock: &Clock, email: &str, password: &str) -> campanile_base::Result<Secret> {
    let credentials = Credentials { email: email.to_owned(), password: Secret::new(password), organisation: None };
    sessions::sign_in(db, clock, credentials, people::queue()?).await
}

#[tokio::test]
async fn the_first_start_founds_exactly_once() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let first = founded(&db, &clock).await;
        assert_eq!(first.owner, "ada@example.com");
        let again = clock.clone();
        let second = db.write(move |tx| Box::pin(async move { found(tx, &again, Founding::default()).await })).await;
        assert!(second.unwrap().is_none());

        let caller = keys::recognise(&db, "sk_test_1234567890abcdef").await.unwrap();
        assert_eq!(caller.organisation, first.caller.organisation);
        let trail = db
            .read(move |tx| {
                Box::pin(async move {
                    activity::page(
                        tx,
                        &caller.organisation,
                        &activity::Filter::default(),
                        &Cursor::newest(),
                        PageSize::new(None)?,
                    )
                    .await
                })
            })
            .await
            .unwrap();
        for action in [Action::OrganisationCreated, Action::WorkspaceCreated, Action::MemberAdded, Action::KeyCreated] {
            assert!(trail.data.iter().any(|line| line.action == action.as_str()), "{action:?}");
        }
        assert!(!format!("{trail:?}").contains("1234567890"), "the trail shows no secret");
    })
    .await;
}

#[tokio::test]
async fn a_password_signs_in_and_a_wrong_one_does_not() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::manual(Timestamp::from_seconds(1_700_000_000));
        founded(&db, &clock).await;
        for (email, password) in [("ada@example.com", "wrong password"), ("eve@example.com", "correct horse")] {
            let refused = sign_in(&db, &clock, email, password).await;
            assert!(matches!(refused, Err(Error::Unauthenticated(_))));
        }
        let token = sign_in(&db, &clock, " ADA@example.com ", "correct horse").await.unwrap();
        let caller = sessions::recognise(&db, &clock, token.expose()).await.unwrap();
        assert_eq!(caller.role, Role::Owner);

        clock.advance(sessions::LIFETIME);
        assert!(sessions::recognise(&db, &clock, token.expose()).await.is_err(), "a session ends");
    })
    .await;
}

#[tokio::test]
async fn a_link_signs_in_once() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let first = founded(&db, &clock).await;
        let word = first.sign_in_word.expose();
        let token = sessions::sign_in_by_link(&db, &clock, word).await.unwrap();
        assert!(sessions::recognise(&db, &clock, token.expose()).await.is_ok());
        assert!(sessions::sign_in_by_link(&db, &clock, word).await.is_err());
        sessions::sign_out(&db, token.expose()).await.unwrap();
        assert!(sessions::recognise(&db, &clock, token.expose()).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn staff_may_read_and_not_configure_and_nobody_sees_a_strangers_workspace() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let first = founded(&db, &clock).await;
        let mut staff = first.caller.clone();
        staff.role = Role::Staff;
        let mut stranger = first.caller.clone();
        stranger.organisation = campanile_accounts::OrganisationId::new(clock.now());
        let workspace = first.workspace.id.clone();
        for (caller, expected) in [(staff, "role"), (stranger, "no such workspace")] {
            let (clock, workspace) = (clock.clone(), workspace.clone());
            let refused = db
                .write(move |tx| {
                    let changes = WorkspaceChanges { notify_threshold: Some(10), ..WorkspaceChanges::default() };
                    Box::pin(
                        async move { organisations::update_workspace(tx, &clock, &caller, &workspace, changes).await },
                    )
                })
                .await;
            assert!(refused.unwrap_err().to_string().contains(expected));
        }
    })
    .await;
}

#[tokio::test]
async fn a_revoked_key_and_a_second_membership_are_refused() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let caller = founded(&db, &clock).await.caller;
        let (c, caller_again) = (clock.clone(), caller.clone());
        let twice = db
            .write(move |tx| {
                Box::pin(async move {
                    let member = NewMember { email: "ada@example.com".into(), role: Role::Staff, password: None };
                    people::add(tx, &c, &caller_again, member).await
                })
            })
            .await;
        assert!(matches!(twice, Err(Error::Conflict(_))));

        let (c, organisation) = (clock.clone(), caller.organisation.clone());
        let listed = db.read(move |tx| Box::pin(async move { keys::list(tx, &organisation).await })).await.unwrap();
        assert_eq!(listed[0].prefix, "sk_test");
        let id = listed[0].id.clone();
        db.write(move |tx| Box::pin(async move { keys::revoke(tx, &c, &caller, &id).await })).await.unwrap();
        assert!(keys::recognise(&db, "sk_test_1234567890abcdef").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_workspace_gets_another_name_and_never_one_that_is_taken() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let first = founded(&db, &clock).await;
        let (caller, id) = (first.caller.clone(), first.workspace.id.clone());
        let (c, by) = (clock.clone(), caller.clone());
        db.write(move |tx| Box::pin(async move { organisations::create_workspace(tx, &c, &by, "Other").await }))
            .await
            .unwrap();
        let change = async |name: Option<&str>, notify_threshold: Option<i64>| {
            let changes = WorkspaceChanges { name: name.map(str::to_owned), notify_threshold };
            let (c, by, id) = (clock.clone(), caller.clone(), id.clone());
            db.write(move |tx| {
                Box::pin(async move { organisations::update_workspace(tx, &c, &by, &id, changes).await })
            })
            .await
        };
        let changed = change(Some("  Bell tower "), None).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.notify_threshold), ("Bell tower", 70));
        let changed = change(None, Some(0)).await.unwrap();
        assert_eq!((changed.name.as_str(), changed.notify_threshold), ("Bell tower", 0));
        assert!(matches!(change(Some("Other"), None).await, Err(Error::Conflict(_))));
        assert!(matches!(change(Some(" "), None).await, Err(Error::InvalidField { field: "name", .. })));
        assert!(matches!(change(None, Some(101)).await, Err(Error::InvalidField { field: "notify_threshold", .. })));
        assert!(change(None, None).await.is_err());
        assert_eq!(change(Some("Bell tower"), Some(50)).await.unwrap().notify_threshold, 50, "its own name is free");
    })
    .await;
}
