//! Calls every route as every kind of caller, and compares the refusals with the [`table`].
//!
//! A refusal is 401 or 403. Any other status, such as 404, counts as allowed. A route that is served
//! but not in the table fails the test: add a row for it.

mod memory_keys;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use campanile_testkit::server::{OWNER, SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::knock::access::{in_seconds, public_key, signed};
use crate::on_each_server;
use table::{COLUMNS, KNOCK, OPEN, OWN, SVIX};

/// The operations of all APIs.
const DOCUMENT: &str = include_str!("../../../../../docs/openapi.json");
const PASSWORD: &str = "correct horse battery staple";
/// The time to wait for an answer. A stream has no end: it counts as allowed once it has begun.
const PATIENCE: Duration = Duration::from_secs(2);

type Headers = Vec<(String, String)>;

/// A caller for each column of the table, as the headers of a request.
struct Callers {
    by_column: BTreeMap<char, Headers>,
    /// The application that the portal tokens open, and another one.
    app: String,
    other_app: String,
}

fn bearer(token: &str) -> Headers {
    vec![("authorization".to_owned(), format!("Bearer {token}"))]
}

async fn session(server: &Server, email: &str, password: &str) -> Headers {
    let body = json!({ "email": email, "password": password }).to_string().into_bytes();
    let answer = server.ask("POST", "/api/session", &[("content-type", "application/json")], body).await.unwrap();
    let cookie = answer.headers.iter().find(|(name, _)| name == "set-cookie").expect("they sign in");
    vec![("cookie".to_owned(), cookie.1.split(';').next().unwrap().to_owned())]
}

async fn member(server: &Server, role: &str) -> Headers {
    let email = format!("{role}@example.com");
    let new = json!({ "email": email, "role": role, "password": PASSWORD });
    let made = server.post("/api/members", &new).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    session(server, &email, PASSWORD).await
}

async fn application(server: &Server, name: &str) -> String {
    let made = server.post("/api/v1/app", &json!({ "name": name, "uid": name })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["id"].as_str().unwrap().to_owned()
}

async fn portal(server: &Server, app: &str, body: Value) -> Headers {
    let made = server.post(&format!("/api/v1/auth/app-portal-access/{app}"), &body).await.unwrap();
    bearer(made.json["token"].as_str().unwrap_or_else(|| panic!("{}", made.json)))
}

impl Callers {
    async fn of(server: &Server) -> Self {
        let (app, other_app) = (application(server, "first").await, application(server, "second").await);
        let key = public_key(server).await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let claims = json!({ "sub": "jane", "iat": in_seconds(0), "exp": in_seconds(3600) });
        let token = signed(made["private_key"].as_str().unwrap(), &claims);
        let with_token = [bearer(&key), vec![("x-knock-user-token".to_owned(), token)]].concat();
        let by_column = BTreeMap::from([
            ('O', session(server, OWNER.0, OWNER.1).await),
            ('M', member(server, "manager").await),
            ('S', member(server, "staff").await),
            ('P', portal(server, &app, json!({})).await),
            ('V', portal(server, &app, json!({ "capabilities": ["ViewBase"] })).await),
            ('K', bearer(SECRET_KEY)),
            ('U', bearer(&key)),
            ('T', with_token),
            ('N', Vec::new()),
        ]);
        Self { by_column, app, other_app }
    }

    /// The path with a value for each part in braces.
    fn filled(&self, path: &str) -> String {
        let app = if path.ends_with("expire-all") { &self.other_app } else { &self.app };
        let place = |part: &str| match part {
            "{app}" => app.clone(),
            "{user}" => "jane".to_owned(),
            "{feed}" => "in-app".to_owned(),
            "{mark}" => "seen".to_owned(),
            "{set}" => "default".to_owned(),
            "{part}" => "workflows".to_owned(),
            "{locale}" => "en".to_owned(),
            "{action}" if path.contains("subscriptions") => "add".to_owned(),
            "{action}" if path.contains("objects") => "set".to_owned(),
            "{action}" => "identify".to_owned(),
            part if part.starts_with('{') => "nothing".to_owned(),
            part => part.to_owned(),
        };
        let filled = path.split('/').map(place).collect::<Vec<_>>().join("/");
        // The rights depend on the owner of the connection, which these parameters name.
        let object = "%7B%22object_id%22%3A%22x%22%2C%22collection%22%3A%22projects%22%7D";
        let query = format!("?access_token_object={object}&ms_teams_tenant_object={object}");
        if path.starts_with("/v1/providers/") { filled + &query } else { filled }
    }

    /// Calls the route. Returns true if the caller is not refused, and the answer's text.
    async fn is_allowed(&self, server: &Server, column: char, method: &'static str, path: &str) -> (bool, String) {
        // The tokens' own application must not be deleted.
        let path = match (method, path) {
            ("DELETE", "/api/v1/app/{app}") => "/api/v1/app/nothing".to_owned(),
            _ => self.filled(path),
        };
        let body = if method == "GET" { Vec::new() } else { any_body().to_string().into_bytes() };
        let known = self.by_column[&column].iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<(&str, &str)> = [("content-type", "application/json")].into_iter().chain(known).collect();
        let asked = server.ask(method, &path, &headers, body);
        match tokio::time::timeout(PATIENCE, asked).await {
            Ok(answer) => {
                let answer = answer.unwrap();
                (![401, 403].contains(&answer.status), format!("{} {}", answer.status, answer.json))
            }
            Err(_) => (true, "it goes on".to_owned()),
        }
    }
}

/// A body with the fields that all routes need, so that no route refuses the body before it checks
/// the rights.
fn any_body() -> Value {
    json!({
        "name": "x", "description": "x", "url": "https://example.com/", "email": OWNER.0, "role": "staff",
        "eventType": "a.b", "payload": {}, "code": "function handler(w) { return w; }",
        "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z", "after": "2026-01-01T00:00:00Z",
        "type": "pollingEndpoint", "notify_threshold": 1, "password": "a password of nobody", "headers": {}, "identity": "x", "needs_user_tokens": true, "provider": "github",
        "grantType": "clientCredentials", "authMethod": "clientSecretPost", "clientId": "x",
        "tokenUrl": "https://example.com/",
    })
}

fn method(name: &str) -> &'static str {
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .expect("a method")
}

/// All rows of the table. Routes that end a session, which later calls need, come last.
fn rows() -> Vec<(&'static str, &'static str, &'static str)> {
    let order = |path: &str| (path == "/api/session", path.ends_with("/logout"));
    let mut all: Vec<_> = OWN.iter().chain(SVIX).chain(KNOCK).copied().collect();
    all.sort_by_key(|(_, path, _)| order(path));
    all
}

fn is_listed(method: &str, path: &str) -> bool {
    let in_table = rows().iter().any(|(known, at, _)| *known == method && *at == path);
    in_table || OPEN.contains(&(method, path))
}

/// The paths of the Knock API.
fn knock_paths() -> Vec<String> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let paths = document["paths"].as_object().unwrap().keys();
    paths.filter(|path| path.starts_with("/v1/")).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_refuses_exactly_those_whom_the_table_refuses() {
    on_each_server(&[], async |server| {
        let callers = Callers::of(&server).await;
        let mut wrong = Vec::new();
        for (method_name, path, rights) in rows() {
            assert_eq!(rights.len(), COLUMNS.len(), "{method_name} {path}");
            for (column, right) in COLUMNS.chars().zip(rights.chars()) {
                assert!(right == column || right == '.', "{method_name} {path}: {rights}");
                let (is_allowed, said) = callers.is_allowed(&server, column, method(method_name), path).await;
                if is_allowed != (right == column) {
                    wrong.push(format!("{method_name} {path} by {column}: {said}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{} answers are not as the table says:\n{}", wrong.len(), wrong.join("\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_has_every_route_that_is_served() {
    on_each_server(&[], async |server| {
        let mut missing = Vec::new();
        let document = server.get("/openapi.json").await.unwrap().json;
        for (path, operations) in document["paths"].as_object().unwrap() {
            for name in operations.as_object().unwrap().keys() {
                let is_knocks = path.starts_with("/v1/");
                if !is_knocks && !is_listed(method(name), path) {
                    missing.push(format!("{} {path}", method(name)));
                }
            }
        }
        let callers = Callers::of(&server).await;
        for path in knock_paths() {
            for name in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let (_, said) = callers.is_allowed(&server, 'K', name, &path).await;
                if !said.starts_with("405") && !is_listed(name, &path) {
                    missing.push(format!("{name} {path}: {said}"));
                }
            }
        }
        assert!(missing.is_empty(), "routes without a row in the table of permissions:\n{}", missing.join("\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_sees_no_variables_and_no_parameters() {
    on_each_server(&[], async |server| {
        let callers = Callers::of(&server).await;
        let app = &callers.app;
        let ask = async |column: char, method: &'static str, path: String, body: Value| {
            let known = callers.by_column[&column].iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let headers: Vec<(&str, &str)> = [("content-type", "application/json")].into_iter().chain(known).collect();
            let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
            server.ask(method, &path, &headers, body).await.unwrap()
        };
        let endpoints = format!("/api/v1/app/{app}/endpoint");
        let made = ask('K', "POST", endpoints.clone(), json!({ "url": "https://example.com/" })).await.json;
        let endpoint = format!("{endpoints}/{}", made["id"].as_str().unwrap());
        let script = json!({ "code": "function handler(w) { return w; }", "variables": { "key": "VARSECRET" } });
        assert_eq!(ask('K', "PATCH", format!("{endpoint}/transformation"), script).await.status, 200);
        let oauth = json!({
            "grantType": "clientCredentials", "authMethod": "clientSecretPost", "clientId": "x", "clientSecret": "VARSECRET",
            "tokenUrl": "https://example.com/", "extraParams": { "password": "VARSECRET" },
        });
        assert_eq!(ask('K', "PUT", format!("{endpoint}/oauth"), oauth).await.status, 204);
        for (column, sees) in [('O', true), ('M', true), ('K', true), ('P', true), ('S', false), ('V', false)] {
            for part in ["transformation", "oauth"] {
                let shown = ask(column, "GET", format!("{endpoint}/{part}"), Value::Null).await;
                assert_eq!(shown.status, 200, "{column} {part}");
                assert_eq!(shown.json.to_string().contains("VARSECRET"), sees, "{column} {part}: {}", shown.json);
            }
        }
    })
    .await;
}
