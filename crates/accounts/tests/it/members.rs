//! Members: an organisation cannot open another one, and a removed person has no access any more.

use std::time::Duration;

use campanile_accounts::members::{self, OldPassword};
use campanile_accounts::people::{self, Member, MemberStatus, NewMember, PasswordHash};
use campanile_accounts::sessions::{self, Credentials, OpenedBy, Session};
use campanile_accounts::{Caller, MIGRATIONS, OrganisationId, PersonId, Role, activity, organisations};
use campanile_base::{Clock, Cursor, Error, PageSize, Result, Secret, Thing};
use campanile_db::Db;
use campanile_db::testing::on_each_database;

/// Runs a transaction with clones of these values.
macro_rules! write {
    ($db:expr, ($($value:ident),*), |$tx:ident| $work:expr) => {{
        $(let $value = $value.clone();)*
        $db.write(move |$tx| Box::pin(async move { $work })).await
    }};
}

const VICTIM: &str = "vera@example.com";

async fn organisation(db: &Db, clock: &Clock, name: &str) -> Caller {
    let name = name.to_owned();
    let id = write!(db, (clock, name), |tx| organisations::create(tx, &clock, &name).await).unwrap();
    Caller::system(id)
}

async fn add(
    db: &Db,
    clock: &Clock,
    caller: &Caller,
    email: &str,
    role: Role,
    password: Option<&str>,
) -> Result<Member> {
    let password = match password {
        Some(password) => Some(people::hash(Secret::new(password)).await?),
        None => None,
    };
    let new = NewMember { email: email.to_owned(), role, password };
    write!(db, (clock, caller, new), |tx| people::add(tx, &clock, &caller, new).await)
}

async fn sign_in(db: &Db, clock: &Clock, password: &str, to: Option<&OrganisationId>) -> Result<Session> {
    let credentials =
        Credentials { email: VICTIM.to_owned(), password: Secret::new(password), organisation: to.cloned() };
    let token = sessions::sign_in(db, clock, credentials, people::queue()?).await?;
    sessions::find(db, clock, token.expose()).await
}

async fn link(db: &Db, clock: &Clock, organisation: &OrganisationId, person: &PersonId) -> Result<Secret> {
    write!(db, (clock, organisation, person), |tx| sessions::new_link(tx, &clock, &organisation, &person).await)
}

async fn sign_in_by_link(db: &Db, clock: &Clock, word: &Secret) -> Result<Session> {
    let token = sessions::sign_in_by_link(db, clock, word.expose()).await?;
    sessions::find(db, clock, token.expose()).await
}

async fn hashed(password: &str) -> PasswordHash {
    people::hash(Secret::new(password)).await.unwrap()
}

/// A person who owns an organisation and has a password of their own.
async fn victim(db: &Db, clock: &Clock) -> (Caller, PersonId) {
    let theirs = organisation(db, clock, "Theirs").await;
    let person = add(db, clock, &theirs, VICTIM, Role::Owner, None).await.unwrap().id;
    let word = link(db, clock, &theirs.organisation, &person).await.unwrap();
    let session = sign_in_by_link(db, clock, &word).await.unwrap();
    let hash = hashed("vera's own password").await;
    write!(db, (clock, session, hash), |tx| {
        members::change_password(tx, &clock, &session, OldPassword::NotGiven, hash).await
    })
    .unwrap();
    (theirs, person)
}

#[tokio::test]
async fn who_belongs_to_another_organisation_is_invited_and_gets_no_link() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let (_, person) = victim(&db, &clock).await;
        let ours = organisation(&db, &clock, "Ours").await;
        let invited = add(&db, &clock, &ours, "Vera@Example.com", Role::Owner, None).await.unwrap();
        assert_eq!((invited.status, &invited.id), (MemberStatus::Invited, &person));
        let no_link = link(&db, &clock, &ours.organisation, &person).await;
        assert!(matches!(no_link, Err(Error::NotFound(Thing::Member))));
        let with_password = add(&db, &clock, &ours, VICTIM, Role::Owner, Some("a password of ours")).await;
        assert!(matches!(with_password, Err(Error::InvalidField { field: "password", .. })));
        let organisation = ours.organisation.clone();
        let members = write!(db, (organisation), |tx| people::members(tx, &organisation).await).unwrap();
        assert!(members.is_empty(), "an invitation is no membership");
        let refused = sign_in(&db, &clock, "vera's own password", Some(&ours.organisation)).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn a_link_opens_the_organisation_that_it_was_made_for_and_no_other() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let (theirs, person) = victim(&db, &clock).await;
        let ours = organisation(&db, &clock, "Ours").await;
        add(&db, &clock, &ours, VICTIM, Role::Staff, None).await.unwrap();
        let session = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        let to = ours.organisation.clone();
        write!(db, (clock, session, to), |tx| members::accept(tx, &clock, &session, &to).await).unwrap();

        let word = link(&db, &clock, &ours.organisation, &person).await.unwrap();
        let session = sign_in_by_link(&db, &clock, &word).await.unwrap();
        assert_eq!(session.caller.organisation, ours.organisation, "not the one that they joined first");
        assert_eq!((session.caller.role, session.opened_by), (Role::Staff, OpenedBy::Link));
        let hash = hashed("a password by a link").await;
        let change = write!(db, (clock, session, hash), |tx| {
            members::change_password(tx, &clock, &session, OldPassword::NotGiven, hash).await
        });
        assert!(matches!(change, Err(Error::Forbidden(_))), "it would open the other organisation");
        let first = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        assert_eq!(first.caller.organisation, theirs.organisation);
        let named = sign_in(&db, &clock, "vera's own password", Some(&ours.organisation)).await.unwrap();
        assert_eq!(named.caller.organisation, ours.organisation);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_accepted_by_a_password_of_ones_own_only() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        // The owner of the first organisation knows the password. The second organisation invites
        // the same person.
        let first = organisation(&db, &clock, "First").await;
        let person = add(&db, &clock, &first, VICTIM, Role::Staff, Some("chosen by an owner")).await.unwrap().id;
        let second = organisation(&db, &clock, "Second").await;
        add(&db, &clock, &second, VICTIM, Role::Owner, None).await.unwrap();
        let to = second.organisation.clone();
        let accept = async |session: &Session| {
            write!(db, (clock, session, to), |tx| members::accept(tx, &clock, &session, &to).await)
        };
        let session = sign_in(&db, &clock, "chosen by an owner", None).await.unwrap();
        assert!(matches!(accept(&session).await, Err(Error::Forbidden(_))));
        // A change with the old password does not make the password the person's own.
        let hash = hashed("changed by an owner").await;
        write!(db, (clock, session, hash), |tx| {
            members::change_password(tx, &clock, &session, OldPassword::Right, hash).await
        })
        .unwrap();
        let session = sign_in(&db, &clock, "changed by an owner", None).await.unwrap();
        assert!(matches!(accept(&session).await, Err(Error::Forbidden(_))));

        let word = link(&db, &clock, &first.organisation, &person).await.unwrap();
        let session = sign_in_by_link(&db, &clock, &word).await.unwrap();
        assert!(matches!(accept(&session).await, Err(Error::Forbidden(_))), "a link is the first organisation's");
        let hash = hashed("chosen by vera").await;
        write!(db, (clock, session, hash), |tx| {
            members::change_password(tx, &clock, &session, OldPassword::NotGiven, hash).await
        })
        .unwrap();
        let session = sign_in(&db, &clock, "chosen by vera", None).await.unwrap();
        let waiting = write!(db, (person), |tx| members::invitations(tx, &person).await).unwrap();
        assert_eq!((waiting.len(), waiting[0].organisation.as_str()), (1, "Second"));
        accept(&session).await.unwrap();
        assert!(matches!(accept(&session).await, Err(Error::NotFound(Thing::Invitation))));
        let joined = sign_in(&db, &clock, "chosen by vera", Some(&second.organisation)).await.unwrap();
        assert_eq!(joined.caller.role, Role::Owner);
    })
    .await;
}

#[tokio::test]
async fn an_owner_resets_the_password_of_their_own_people_only() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let (theirs, person) = victim(&db, &clock).await;
        let ours = organisation(&db, &clock, "Ours").await;
        let reset = async |caller: &Caller, password: &str| {
            let hash = hashed(password).await;
            write!(db, (clock, caller, person, hash), |tx| {
                members::reset_password(tx, &clock, &caller, &person, hash).await
            })
        };
        assert!(matches!(reset(&ours, "a stranger's choice").await, Err(Error::NotFound(Thing::Member))));
        let session = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        reset(&theirs, "chosen by an owner").await.unwrap();
        assert!(sign_in(&db, &clock, "vera's own password", None).await.is_err());
        assert!(sign_in(&db, &clock, "chosen by an owner", None).await.is_ok());
        let caller = theirs.clone();
        let left =
            write!(db, (clock, caller, person), |tx| sessions::list(tx, &clock, &caller, &person).await).unwrap();
        assert!(left.iter().all(|open| open.id != session.id), "a reset ends what was open");
        add(&db, &clock, &ours, VICTIM, Role::Staff, None).await.unwrap();
        assert!(matches!(reset(&theirs, "once more").await, Err(Error::Conflict(_))), "they are invited elsewhere");
    })
    .await;
}

#[tokio::test]
async fn a_removed_member_is_signed_out_and_their_links_are_gone() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let ours = organisation(&db, &clock, "Ours").await;
        add(&db, &clock, &ours, "ada@example.com", Role::Owner, None).await.unwrap();
        let person = add(&db, &clock, &ours, VICTIM, Role::Manager, Some("chosen by an owner")).await.unwrap().id;
        let credentials =
            Credentials { email: VICTIM.to_owned(), password: Secret::new("chosen by an owner"), organisation: None };
        let token = sessions::sign_in(&db, &clock, credentials, people::queue().unwrap()).await.unwrap();
        let word = link(&db, &clock, &ours.organisation, &person).await.unwrap();
        let staff = Caller { role: Role::Manager, ..ours.clone() };
        for (caller, is_allowed) in [(staff, false), (ours.clone(), true)] {
            let removed = write!(db, (clock, caller, person), |tx| members::remove(tx, &clock, &caller, &person).await);
            assert_eq!(removed.is_ok(), is_allowed, "{removed:?}");
        }
        assert!(sessions::find(&db, &clock, token.expose()).await.is_err());
        assert!(sign_in_by_link(&db, &clock, &word).await.is_err());
        assert!(sign_in(&db, &clock, "chosen by an owner", None).await.is_err());
        // When the person is added again, neither the old session nor the old link works.
        add(&db, &clock, &ours, VICTIM, Role::Manager, None).await.unwrap();
        assert!(sessions::find(&db, &clock, token.expose()).await.is_err());
        assert!(sign_in_by_link(&db, &clock, &word).await.is_err());
        assert!(sign_in(&db, &clock, "chosen by an owner", None).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_last_owner_can_neither_leave_nor_become_less() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let ours = organisation(&db, &clock, "Ours").await;
        let ada = add(&db, &clock, &ours, "ada@example.com", Role::Owner, None).await.unwrap().id;
        let demote = async |person: &PersonId| {
            let ours = ours.clone();
            write!(db, (clock, ours, person), |tx| members::set_role(tx, &clock, &ours, &person, Role::Staff).await)
        };
        let remove = async |person: &PersonId| {
            let ours = ours.clone();
            write!(db, (clock, ours, person), |tx| members::remove(tx, &clock, &ours, &person).await)
        };
        assert!(matches!(demote(&ada).await, Err(Error::Conflict(_))));
        assert!(matches!(remove(&ada).await, Err(Error::Conflict(_))));
        let bob = add(&db, &clock, &ours, "bob@example.com", Role::Owner, None).await.unwrap().id;
        // Both at the same time: one of them must stay an owner.
        let (one, other) = tokio::join!(demote(&ada), demote(&bob));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let last = if one.is_ok() { bob } else { ada };
        assert!(matches!(remove(&last).await, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test]
async fn members_see_and_end_their_own_sessions_and_owners_anybodys() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let (theirs, person) = victim(&db, &clock).await;
        let first = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        let second = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        let other = Caller { role: Role::Manager, ..organisation(&db, &clock, "Ours").await };
        let manager = Caller { role: Role::Manager, ..theirs.clone() };
        let end = async |caller: &Caller, session: &Session| {
            let id = session.id.clone();
            write!(db, (clock, caller, id), |tx| sessions::end(tx, &clock, &caller, &id).await)
        };
        for stranger in [&other, &manager] {
            assert!(matches!(end(stranger, &first).await, Err(Error::NotFound(Thing::Session))));
        }
        end(&second.caller, &first).await.unwrap();
        let caller = second.caller.clone();
        let left =
            write!(db, (clock, caller, person), |tx| sessions::list(tx, &clock, &caller, &person).await).unwrap();
        assert!(left.iter().any(|open| open.id == second.id) && left.iter().all(|open| open.id != first.id));
        end(&theirs, &second).await.unwrap();

        let organisation = theirs.organisation.clone();
        let trail = write!(db, (organisation), |tx| {
            activity::page(tx, &organisation, &activity::Filter::default(), &Cursor::newest(), PageSize::new(None)?)
                .await
        });
        let trail: Vec<String> = trail.unwrap().data.into_iter().map(|line| line.action).collect();
        for action in ["member.added", "session.created", "session.ended", "password.changed"] {
            assert!(trail.iter().any(|known| known == action), "{action} is not in {trail:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_password_is_replaced_without_the_old_one_for_an_hour_after_a_link() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::manual(campanile_base::Timestamp::from_seconds(1_700_000_000));
        let (theirs, person) = victim(&db, &clock).await;
        let word = link(&db, &clock, &theirs.organisation, &person).await.unwrap();
        let by_link = sign_in_by_link(&db, &clock, &word).await.unwrap();
        let by_password = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        let change = async |session: &Session| {
            let hash = hashed("a new password").await;
            write!(db, (clock, session, hash), |tx| {
                members::change_password(tx, &clock, &session, OldPassword::NotGiven, hash).await
            })
        };
        assert!(matches!(change(&by_password).await, Err(Error::Forbidden(_))));
        change(&by_link).await.unwrap();
        let refused = change(&by_password).await;
        assert!(matches!(refused, Err(Error::Unauthenticated(_))), "the others were ended: {refused:?}");
        clock.advance(Duration::from_secs(3600));
        assert!(matches!(change(&by_link).await, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn a_session_moves_to_another_organisation_by_a_password_of_ones_own_only() {
    on_each_database(vec![MIGRATIONS], async |db| {
        let clock = Clock::System;
        let (theirs, person) = victim(&db, &clock).await;
        let ours = organisation(&db, &clock, "Ours").await;
        let (home, away) = (theirs.organisation.clone(), ours.organisation.clone());
        let switch = async |session: &Session, to: &OrganisationId| {
            let token = write!(db, (clock, session, to), |tx| sessions::switch(tx, &clock, &session, &to).await)?;
            sessions::find(&db, &clock, token.expose()).await
        };
        let own = sign_in(&db, &clock, "vera's own password", None).await.unwrap();
        assert!(matches!(switch(&own, &away).await, Err(Error::Forbidden(_))), "an invitation is no membership");
        add(&db, &clock, &ours, VICTIM, Role::Staff, None).await.unwrap();
        write!(db, (clock, own, away), |tx| members::accept(tx, &clock, &own, &away).await).unwrap();

        let word = link(&db, &clock, &home, &person).await.unwrap();
        let by_link = sign_in_by_link(&db, &clock, &word).await.unwrap();
        assert!(matches!(switch(&by_link, &away).await, Err(Error::Forbidden(_))), "a link is for one organisation");

        let moved = switch(&own, &away).await.unwrap();
        assert_eq!((&moved.caller.organisation, moved.caller.role), (&away, Role::Staff));
        let gone = switch(&own, &home).await;
        assert!(matches!(gone, Err(Error::Unauthenticated(_))), "the session before has ended");
        let back = switch(&moved, &home).await.unwrap();
        assert_eq!((&back.caller.organisation, back.caller.role), (&home, Role::Owner));
        let named = db.read(move |tx| Box::pin(async move { organisations::of_person(tx, &person).await })).await;
        let named: Vec<String> = named.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(named, ["Theirs", "Ours"]);
    })
    .await;
}
