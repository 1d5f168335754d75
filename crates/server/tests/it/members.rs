//! Members of an organisation: invitations, sign-in and removal.

use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::mailbox::{AwayMailbox, Mail, Mailbox};
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{Answer, OWNER, SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::{BINARY, on_each_server};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Calls with a session's cookie.
async fn ask(server: &Server, cookie: &str, method: &'static str, path: &str, body: Value) -> Answer {
    server.ask(method, path, &[("cookie", cookie), JSON], body.to_string().into_bytes()).await.unwrap()
}

/// Calls without credentials.
async fn knock(server: &Server, path: &str, body: Value) -> Answer {
    server.ask("POST", path, &[JSON], body.to_string().into_bytes()).await.unwrap()
}

/// Calls with the secret key.
pub async fn administer(server: &Server, method: &'static str, path: &str, body: Value) -> Answer {
    let authorization = format!("Bearer {SECRET_KEY}");
    server.ask(method, path, &[("authorization", &authorization), JSON], body.to_string().into_bytes()).await.unwrap()
}

fn cookie_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 204, "{}", answer.json);
    let set = answer.headers.iter().find(|(name, _)| name == "set-cookie").expect("a session has a cookie");
    set.1.split(';').next().unwrap_or_default().to_owned()
}

async fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    knock(server, "/api/session", json!({ "email": email, "password": password })).await
}

async fn next_mail(mailbox: &mut Mailbox) -> Mail {
    tokio::time::timeout(Duration::from_secs(30), mailbox.mails.recv())
        .await
        .expect("a mail comes")
        .expect("it listens")
}

/// The secret word of the link in a mail.
fn word_of(mail: &Mail) -> String {
    let text = mail.content.replace("=\r\n", "").replace("=3D", "=");
    let word = text.split("/sign-in?token=").nth(1).expect("the mail has a link");
    word.split(['"', '\r', '\n']).next().unwrap_or_default().to_owned()
}

async fn member(server: &Server, email: &str, role: &str, password: &str) -> String {
    let body = json!({ "email": email, "role": role, "password": password });
    let made = administer(server, "POST", "/api/members", body).await;
    assert_eq!(made.json["joined_at"], json!(null));
    assert_eq!((made.status, made.json["status"].as_str()), (201, Some("active")), "{}", made.json);
    made.json["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitations_word_is_in_its_mail_and_nowhere_else() {
    for database in TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let server = Server::start(BINARY, database, &[("CAMPANILE_SMTP_URL", &mailbox.url())]).await;
        let watching = Receiver::start().await;
        let endpoint = json!({ "url": watching.url() });
        let made = administer(&server, "POST", "/api/v1/app/campanile.notifications/endpoint", endpoint).await;
        assert_eq!(made.status, 201, "{}", made.json);

        let invited = json!({ "email": "new@example.com", "role": "owner" });
        let made = administer(&server, "POST", "/api/members", invited).await;
        assert_eq!(made.status, 201, "{}", made.json);
        let mail = next_mail(&mut mailbox).await;
        assert_eq!(mail.recipients, ["new@example.com"]);
        let word = word_of(&mail);
        server.until_settled().await;

        let id = made.json["id"].as_str().unwrap();
        let lists = [
            format!("/v1/users/{id}/messages"),
            "/v1/messages".to_owned(),
            "/v1/workflow_recipient_runs".to_owned(),
            "/api/notifications".to_owned(),
            "/api/jobs".to_owned(),
            "/api/runs".to_owned(),
            "/api/activity".to_owned(),
            "/api/v1/app/campanile.notifications/msg".to_owned(),
        ];
        for path in lists {
            let listed = server.get(&path).await.unwrap();
            assert_eq!(listed.status, 200, "{path}: {}", listed.json);
            assert!(!listed.json.to_string().contains(&word), "{path} has the word");
        }
        if server.database.url.is_none() {
            for file in ["campanile.db", "campanile.db-wal"] {
                let bytes = std::fs::read(server.data().join(file)).unwrap_or_default();
                assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{file} has the word");
            }
        }
        let first = knock(&server, "/api/session/link", json!({ "token": word })).await;
        let cookie = cookie_of(&first);
        assert_eq!(knock(&server, "/api/session/link", json!({ "token": word })).await.status, 401);
        let who = ask(&server, &cookie, "GET", "/api/session", Value::Null).await;
        assert_eq!(who.json["member"]["email"], "new@example.com");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_sent_when_the_mail_server_comes_back() {
    for database in TestDatabase::each().await {
        let away = AwayMailbox::bind();
        let server = Server::start(BINARY, database, &[("CAMPANILE_SMTP_URL", &away.url())]).await;
        let invited = json!({ "email": "new@example.com", "role": "staff" });
        assert_eq!(administer(&server, "POST", "/api/members", invited).await.status, 201);
        let failed = async {
            loop {
                let jobs = server.get("/api/jobs?name=campanile.account-mail").await.unwrap().json;
                if jobs["data"][0]["failures"].as_i64() >= Some(1) {
                    return jobs;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let jobs = tokio::time::timeout(Duration::from_secs(20), failed).await.expect("the first attempt fails");
        assert!(!jobs.to_string().contains("link_"), "{jobs}");
        let mut mailbox = away.comes_back();
        let word = word_of(&next_mail(&mut mailbox).await);
        cookie_of(&knock(&server, "/api/session/link", json!({ "token": word })).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_removed_is_out_at_once() {
    on_each_server(&[], async |server| {
        let id = member(&server, "bob@example.com", "manager", "bob's first password").await;
        let cookie = cookie_of(&sign_in(&server, "bob@example.com", "bob's first password").await);
        assert_eq!(ask(&server, &cookie, "GET", "/api/observations", Value::Null).await.status, 200);
        let promoted = ask(&server, &cookie, "PATCH", &format!("/api/members/{id}"), json!({ "role": "owner" })).await;
        assert_eq!(promoted.status, 403, "{}", promoted.json);
        let changed = administer(&server, "PATCH", &format!("/api/members/{id}"), json!({ "role": "staff" })).await;
        assert_eq!((changed.status, changed.json["role"].as_str()), (200, Some("staff")));
        let who = ask(&server, &cookie, "GET", "/api/session", Value::Null).await;
        assert_eq!(who.json["member"]["role"], "staff");
        let recipient = format!("/v1/users/{id}");
        let known = administer(&server, "PUT", &recipient, json!({ "email": "bob@example.com" })).await;
        assert_eq!(known.status, 200, "{}", known.json);
        assert_eq!(administer(&server, "DELETE", &format!("/api/members/{id}"), Value::Null).await.status, 204);
        let gone = administer(&server, "GET", &recipient, Value::Null).await;
        assert_eq!(gone.status, 404, "what waits for them has nobody to go to: {}", gone.json);
        assert_eq!(ask(&server, &cookie, "GET", "/api/observations", Value::Null).await.status, 401);
        assert_eq!(sign_in(&server, "bob@example.com", "bob's first password").await.status, 401);
        let owner = server.get("/api/members").await.unwrap().json["data"][0]["id"].as_str().unwrap().to_owned();
        let last = administer(&server, "DELETE", &format!("/api/members/{owner}"), Value::Null).await;
        assert_eq!((last.status, last.json["code"].as_str()), (409, Some("CONFLICT")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_all_other_sessions() {
    on_each_server(&[], async |server| {
        let lost = cookie_of(&sign_in(&server, OWNER.0, OWNER.1).await);
        let mine = cookie_of(&sign_in(&server, OWNER.0, OWNER.1).await);
        let path = "/api/session/password";
        let new = "an entirely new password";
        for (body, status) in [
            (json!({ "new": new }), 403),
            (json!({ "old": "a wrong password", "new": new }), 403),
            (json!({ "old": OWNER.1, "new": "short" }), 400),
            (json!({ "old": OWNER.1, "new": new }), 204),
        ] {
            let answer = ask(&server, &mine, "PUT", path, body.clone()).await;
            assert_eq!(answer.status, status, "{body}: {}", answer.json);
        }
        assert_eq!(ask(&server, &lost, "GET", "/api/session", Value::Null).await.status, 401);
        assert_eq!(ask(&server, &mine, "GET", "/api/session", Value::Null).await.status, 200);
        assert_eq!(sign_in(&server, OWNER.0, OWNER.1).await.status, 401);
        let other = cookie_of(&sign_in(&server, OWNER.0, new).await);
        let listed = ask(&server, &mine, "GET", "/api/sessions", Value::Null).await.json;
        let open = listed["data"].as_array().unwrap();
        assert_eq!(open.iter().filter(|session| session["is_current"] == true).count(), 1, "{listed}");
        let theirs = open.iter().find(|session| session["is_current"] == false).unwrap()["id"].as_str().unwrap();
        let ended = ask(&server, &mine, "DELETE", &format!("/api/sessions/{theirs}"), Value::Null).await;
        assert_eq!(ended.status, 204, "{}", ended.json);
        assert_eq!(ask(&server, &other, "GET", "/api/session", Value::Null).await.status, 401);
        let key = administer(&server, "PUT", path, json!({ "new": new })).await;
        assert_eq!(key.status, 403, "a key has no password");
    })
    .await;
}

/// Runs `campanile admin sign-in-link` on the database of a server. With SQLite the server must have
/// been stopped.
fn printed_link(server: &Server, email: &str) -> (bool, String) {
    let mut command = std::process::Command::new(BINARY);
    command.args(["admin", "sign-in-link", email, "--data"]).arg(server.data()).env_remove("DATABASE_URL");
    command.envs(server.database.url.iter().map(|url| ("DATABASE_URL", url.as_str())));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lets_in_who_has_forgotten_their_password() {
    on_each_server(&[], async |mut server| {
        server.kill().await;
        let (is_fine, why) = printed_link(&server, "nobody@example.com");
        assert!(!is_fine && why.contains("there is no such member"), "{why}");
        let (is_fine, printed) = printed_link(&server, OWNER.0);
        assert!(is_fine, "{printed}");
        server.restart().await;
        let word = printed.split("/sign-in?token=").nth(1).unwrap().split_whitespace().next().unwrap();
        let cookie = cookie_of(&knock(&server, "/api/session/link", json!({ "token": word })).await);
        let body = json!({ "new": "remembered this time" });
        assert_eq!(ask(&server, &cookie, "PUT", "/api/session/password", body).await.status, 204);
        cookie_of(&sign_in(&server, OWNER.0, "remembered this time").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_have_to_wait() {
    on_each_server(&[], async |server| {
        let mut statuses = Vec::new();
        for _ in 0..8 {
            statuses.push(sign_in(&server, "Eve@example.com", "a wrong password").await);
        }
        let waiting = statuses.iter().find(|answer| answer.status == 429).expect("the tries are bounded");
        assert_eq!(waiting.json["code"], "TOO_MANY_REQUESTS");
        let wait = waiting.headers.iter().find(|(name, _)| name == "retry-after").expect("it says how long");
        assert!(wait.1.parse::<u64>().unwrap() >= 1);
        assert!(statuses.iter().filter(|answer| answer.status == 401).count() >= 5);
        cookie_of(&sign_in(&server, OWNER.0, OWNER.1).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_sign_ins_at_a_time_do_not_queue_up() {
    // Each try has its own address, as a proxy reports it: for a single address there are other
    // waits.
    on_each_server(&[("CAMPANILE_HTTP_TRUSTED_PROXIES", "127.0.0.0/8")], async |server| {
        let tries = (0..100).map(|n| {
            let (api, source) = (server.api(), format!("192.0.2.{n}"));
            let body = json!({ "email": format!("{n}@example.com"), "password": "a wrong password" });
            tokio::spawn(async move {
                let headers = [JSON, ("x-forwarded-for", source.as_str())];
                api.ask("POST", "/api/session", &headers, body.to_string().into_bytes()).await
            })
        });
        let (mut refused, mut wrong) = (0, 0);
        for one in tries.collect::<Vec<_>>() {
            match one.await.unwrap().unwrap().status {
                429 => refused += 1,
                401 => wrong += 1,
                other => panic!("{other}"),
            }
        }
        assert!(refused > 0 && wrong >= 32, "{refused} refused, {wrong} wrong");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_reads_what_users_are_told_and_what_other_members_are_told_nowhere() {
    on_each_server(&[], async |server| {
        let id = member(&server, "bob@example.com", "manager", "bob's first password").await;
        let carol = member(&server, "carol@example.com", "staff", "carol's first password").await;
        let cookie = cookie_of(&sign_in(&server, "bob@example.com", "bob's first password").await);
        let step = json!({
            "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
            "template": { "markdown_body": "{{ word }}", "action_url": "/" },
        });
        let workflow = json!({ "workflow": { "name": "w", "steps": [step] } });
        let put = administer(&server, "PUT", "/v1/workflows/w?commit=true", workflow).await;
        assert_eq!(put.status, 200, "{}", put.json);
        let workspace = server.get("/api/workspaces").await.unwrap().json["data"][0]["id"].as_str().unwrap().to_owned();
        let data = json!({ "word": "a word for each" });
        let recipients = json!([carol, "jane", id]);
        let trigger = json!({ "recipients": recipients, "tenant": workspace, "data": data });
        assert_eq!(administer(&server, "POST", "/v1/workflows/w/trigger", trigger).await.status, 200);
        let all =
            async || server.get("/v1/messages?source=w").await.unwrap().json["items"].as_array().cloned().unwrap();
        let waited = std::time::Instant::now();
        while all().await.len() < 3 {
            assert!(waited.elapsed() < Duration::from_secs(20), "messages are missing");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let all = all().await;
        let message = |recipient: &Value| {
            let found = all.iter().find(|message| message["recipient"] == *recipient).expect("each has one");
            found["id"].as_str().unwrap().to_owned()
        };
        let [carols, janes, own] = [json!(carol), json!("jane"), json!(id)].map(|recipient| message(&recipient));
        let paths = |user: &str, message: &str| {
            let of_message = ["", "/content", "/events", "/activities", "/delivery_logs"]
                .map(|part| format!("/v1/messages/{message}{part}"));
            let of_user = ["messages", "feeds/in-app", "guides/any"].map(|part| format!("/v1/users/{user}/{part}"));
            [&of_message[..], &of_user[..]].concat()
        };
        for path in paths(&carol, &carols) {
            let refused = ask(&server, &cookie, "GET", &path, Value::Null).await;
            assert_eq!(refused.status, 403, "{path}: {}", refused.json);
            assert_ne!(server.get(&path).await.unwrap().status, 403, "{path}: a program may");
        }
        for path in paths("jane", &janes) {
            let shown = ask(&server, &cookie, "GET", &path, Value::Null).await;
            assert_ne!(shown.status, 403, "{path}: {}", shown.json);
        }
        let retried = ask(&server, &cookie, "POST", &format!("/v1/messages/{carols}/retry"), Value::Null).await;
        assert_eq!(retried.status, 403, "{}", retried.json);
        let marked = json!({ "message_ids": [janes] });
        let marked = ask(&server, &cookie, "POST", "/v1/messages/batch/read", marked).await;
        assert!(
            !marked.json.to_string().contains("\"read_at\":\""),
            "what a user has read, only they say: {}",
            marked.json
        );
        let listed = ask(&server, &cookie, "GET", "/v1/messages", Value::Null).await.json;
        // Failed jobs are reported to owners and managers, so the manager has such messages too.
        let shown = listed["items"].as_array().unwrap();
        assert!(shown.iter().all(|one| one["recipient"] != carol.as_str()), "{listed}");
        assert!([&own, &janes].iter().all(|id| shown.iter().any(|one| one["id"] == **id)), "{listed}");
        let path = format!("/v1/messages/batch/content?message_ids[]={carols}&message_ids[]={own}");
        let contents = ask(&server, &cookie, "GET", &path, Value::Null).await.json;
        let contents = contents.as_array().unwrap();
        assert_eq!((contents.len(), contents[0]["message_id"].as_str()), (1, Some(own.as_str())));
        let told = ask(&server, &cookie, "GET", "/api/notifications", Value::Null).await.json;
        let subject = |recipient: &str| {
            let found = told["data"].as_array().unwrap().iter().find(|one| one["recipient_id"] == recipient);
            found.unwrap_or_else(|| panic!("{recipient} is missing: {told}"))["subject"].as_str().unwrap().to_owned()
        };
        let subjects = [carol.as_str(), "jane", &id].map(subject);
        assert_eq!(subjects, ["", "a word for each", "a word for each"]);

        let cookie = cookie_of(&sign_in(&server, "carol@example.com", "carol's first password").await);
        let told = ask(&server, &cookie, "GET", "/api/notifications", Value::Null).await.json;
        let of_jane = told["data"].as_array().unwrap().iter().find(|one| one["recipient_id"] == "jane").unwrap();
        assert_eq!(of_jane["subject"], "", "staff read their own only");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    on_each_server(&[], async |server| {
        let cookie = cookie_of(&sign_in(&server, OWNER.0, OWNER.1).await);
        let address = server.url("").trim_start_matches("http://").to_owned();
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request =
            format!("GET /api/stream HTTP/1.1\r\nhost: {address}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut first = vec![0; 1024];
        let read = stream.read(&mut first).await.unwrap();
        assert!(first[..read].starts_with(b"HTTP/1.1 200"));
        assert_eq!(ask(&server, &cookie, "DELETE", "/api/session", Value::Null).await.status, 204);
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        ended.expect("the stream ends").unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_has_not_come_yet_is_told_apart() {
    let mut mailbox = Mailbox::start().await;
    for database in TestDatabase::each().await {
        let url = mailbox.url();
        let server = Server::start(BINARY, database, &[("CAMPANILE_SMTP_URL", url.as_str())]).await;
        let invited = json!({ "email": "new@example.com", "role": "staff" });
        assert_eq!(administer(&server, "POST", "/api/members", invited).await.status, 201);
        let joined = async || {
            let members = administer(&server, "GET", "/api/members", Value::Null).await.json;
            let all = members["data"].as_array().unwrap();
            all.iter().find(|member| member["email"] == "new@example.com").unwrap()["joined_at"].clone()
        };
        assert_eq!(joined().await, json!(null));
        let word = word_of(&next_mail(&mut mailbox).await);
        let cookie = cookie_of(&knock(&server, "/api/session/link", json!({ "token": word })).await);
        let first = joined().await;
        assert!(first.is_string(), "{first}");
        let who = ask(&server, &cookie, "GET", "/api/session", Value::Null).await.json;
        assert_eq!((&who["has_password"], &who["member"]["joined_at"]), (&json!(false), &first));
        let password = json!({ "new": "a long enough password" });
        assert_eq!(ask(&server, &cookie, "PUT", "/api/session/password", password).await.status, 204);
        let who = ask(&server, &cookie, "GET", "/api/session", Value::Null).await.json;
        assert_eq!(who["has_password"], json!(true));
        cookie_of(&sign_in(&server, "new@example.com", "a long enough password").await);
        assert_eq!(joined().await, first);
    }
}
