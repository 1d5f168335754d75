//! Connecting an assistant by OAuth, by requests made by hand: the whole way, and each thing that a
//! stranger could try. Official clients go the same way through a browser, in
//! `tests/node/assistants-console.test.mjs`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_testkit::server::{Answer, OWNER, SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::on_each_server;

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-for-tests";
const CALLBACK: &str = "https://assistant.example.com/callback";

fn challenge(verifier: &str) -> String {
    let digits = campanile_base::sha256_hex(verifier);
    let bytes = (0..32).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap());
    URL_SAFE_NO_PAD.encode(bytes.collect::<Vec<u8>>())
}

/// A signed-in member's cookie.
async fn session(server: &Server, email: &str, password: &str) -> String {
    let body = json!({ "email": email, "password": password }).to_string().into_bytes();
    let answer = server.ask("POST", "/api/session", &[JSON], body).await.unwrap();
    let cookie = answer.headers.iter().find(|(name, _)| name == "set-cookie").expect("they sign in");
    cookie.1.split(';').next().unwrap().to_owned()
}

async fn as_member(server: &Server, cookie: &str, method: &'static str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    server.ask(method, path, &[JSON, ("cookie", cookie)], body).await.unwrap()
}

async fn register(server: &Server, body: &Value) -> Answer {
    server.ask("POST", "/oauth/register", &[JSON], body.to_string().into_bytes()).await.unwrap()
}

async fn client(server: &Server) -> String {
    let made = register(server, &json!({ "client_name": "A test", "redirect_uris": [CALLBACK] })).await;
    assert_eq!(made.status, 201, "{}", made.json);
    made.json["client_id"].as_str().unwrap().to_owned()
}

fn request(server: &Server, client: &str) -> Value {
    json!({
        "client_id": client, "redirect_uri": CALLBACK, "response_type": "code", "state": "s 1",
        "code_challenge": challenge(VERIFIER), "code_challenge_method": "S256", "scope": "memory:read",
        "resource": server.url("/mcp"),
    })
}

/// The fields of the query of an address.
fn fields(address: &str) -> Vec<(String, String)> {
    let query = address.split_once('?').expect("there is a query").1;
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn field(address: &str, name: &str) -> Option<String> {
    fields(address).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Has a member agree. Returns the code.
async fn code(server: &Server, cookie: &str, client: &str, workspace: &str) -> String {
    let body = json!({ "request": request(server, client), "workspace_id": workspace });
    let agreed = as_member(server, cookie, "POST", "/api/assistants/consents", &body).await;
    assert_eq!(agreed.status, 200, "{}", agreed.json);
    let address = agreed.json["redirect_to"].as_str().unwrap();
    assert!(address.starts_with(&format!("{CALLBACK}?")), "{address}");
    assert_eq!((field(address, "state").as_deref(), field(address, "iss")), (Some("s 1"), Some(server.url(""))));
    field(address, "code").unwrap_or_else(|| panic!("{address}"))
}

async fn post_form(server: &Server, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    server.ask("POST", path, &[FORM], body.into_bytes()).await.unwrap()
}

async fn exchange(server: &Server, client: &str, code: &str) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    post_form(server, "/oauth/token", &fields).await
}

async fn refresh(server: &Server, client: &str, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client)];
    post_form(server, "/oauth/token", &fields).await
}

fn tokens(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.json);
    let text = |name: &str| answer.json[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The status of a list of the tools with a token.
async fn opens(server: &Server, token: &str, path: &str) -> u16 {
    let authorization = format!("Bearer {token}");
    let headers = [JSON, ("accept", "application/json, text/event-stream"), ("authorization", authorization.as_str())];
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string().into_bytes();
    server.ask("POST", path, &headers, list).await.unwrap().status
}

fn refused_with(answer: &Answer, code: &str) {
    assert_eq!((answer.status, answer.json["error"].as_str()), (400, Some(code)), "{}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_connects_an_assistant_and_ends_it() {
    on_each_server(&[], async |server| {
        let unknown = server.ask("POST", "/mcp", &[JSON], b"{}".to_vec()).await.unwrap();
        let challenge = unknown.headers.iter().find(|(name, _)| name == "www-authenticate").unwrap().1.clone();
        let metadata = server.url("/.well-known/oauth-protected-resource/mcp");
        assert_eq!((unknown.status, challenge.contains(&metadata)), (401, true), "{challenge}");
        let resource =
            server.ask("GET", "/.well-known/oauth-protected-resource/mcp", &[], Vec::new()).await.unwrap().json;
        assert_eq!(
            (&resource["resource"], &resource["authorization_servers"]),
            (&json!(server.url("/mcp")), &json!([server.url("")]))
        );
        let issuer = server.ask("GET", "/.well-known/oauth-authorization-server", &[], Vec::new()).await.unwrap();
        assert_eq!(issuer.json["issuer"], server.url(""));
        assert_eq!(issuer.json["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(issuer.json["authorization_response_iss_parameter_supported"], true);
        assert!(issuer.headers.contains(&("access-control-allow-origin".to_owned(), "*".to_owned())));

        let cookie = session(&server, OWNER.0, OWNER.1).await;
        let other =
            server.post("/api/workspaces", &json!({ "name": "The other one" })).await.unwrap().json["id"].clone();
        let workspace = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let client = client(&server).await;
        let reviewed =
            as_member(&server, &cookie, "POST", "/api/assistants/requests", &request(&server, &client)).await;
        assert_eq!((reviewed.status, &reviewed.json), (200, &json!({ "client_name": "A test", "redirect_to": null })));
        let given = exchange(&server, &client, &code(&server, &cookie, &client, &workspace).await).await;
        let (access, first_refresh) = tokens(&given);
        assert_eq!((&given.json["token_type"], &given.json["scope"]), (&json!("Bearer"), &json!("memory:read")));

        assert_eq!(opens(&server, &access, "/mcp").await, 200);
        assert_eq!(opens(&server, &access, &format!("/mcp?workspace={workspace}")).await, 200);
        assert_eq!(opens(&server, &access, &format!("/mcp?workspace={}", other.as_str().unwrap())).await, 404);
        assert_eq!(opens(&server, &first_refresh, "/mcp").await, 401, "a refresh token opens nothing");
        let bearer = format!("Bearer {access}");
        for path in ["/api/observations", "/api/workspaces", "/api/assistants", "/v1/graph/obs_1"] {
            let answer = server.ask("GET", path, &[("authorization", &bearer)], Vec::new()).await.unwrap();
            assert_eq!(answer.status, 401, "{path}: a token opens the tools and nothing else");
        }

        let listed = as_member(&server, &cookie, "GET", "/api/assistants", &Value::Null).await.json;
        let connection = &listed["data"][0];
        assert_eq!((&connection["client_name"], &connection["workspace_id"]), (&json!("A test"), &json!(workspace)));
        assert_eq!(connection["person_email"], OWNER.0);
        let (next_access, next_refresh) = tokens(&refresh(&server, &client, &first_refresh).await);
        assert_eq!(opens(&server, &access, "/mcp").await, 200, "a token lives its own time, also after a refresh");
        assert_eq!(opens(&server, &next_access, "/mcp").await, 200);
        let elsewhere = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &next_refresh),
            ("client_id", &client),
            ("resource", "https://other.example/mcp"),
        ];
        refused_with(&post_form(&server, "/oauth/token", &elsewhere).await, "invalid_target");
        refused_with(&refresh(&server, "client_other", &next_refresh).await, "invalid_grant");

        let path = format!("/api/assistants/{}", connection["id"].as_str().unwrap());
        for status in [204, 404] {
            assert_eq!(as_member(&server, &cookie, "DELETE", &path, &Value::Null).await.status, status);
        }
        for token in [&access, &next_access] {
            assert_eq!(opens(&server, token, "/mcp").await, 401, "all of a connection, and at once");
        }
        refused_with(&refresh(&server, &client, &next_refresh).await, "invalid_grant");

        let (access, _) = tokens(&exchange(&server, &client, &code(&server, &cookie, &client, &workspace).await).await);
        assert_eq!(post_form(&server, "/oauth/revoke", &[("token", &access)]).await.status, 200);
        assert_eq!(opens(&server, &access, "/mcp").await, 401, "the client has ended it");
        assert_eq!(post_form(&server, "/oauth/revoke", &[("token", "mt_nobody")]).await.status, 200);
        let trail = server.all("/api/activity?action=assistant").await;
        let actions: Vec<&str> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions.iter().filter(|action| **action == "assistant.connected").count(), 2, "{actions:?}");
        assert_eq!(actions.iter().filter(|action| **action == "assistant.disconnected").count(), 2, "{actions:?}");
        assert!(!format!("{trail:?}").contains(&access));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_stolen_opens_nothing() {
    on_each_server(&[], async |server| {
        let cookie = session(&server, OWNER.0, OWNER.1).await;
        let workspace = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let client = client(&server).await;
        let fresh = async || code(&server, &cookie, &client, &workspace).await;
        let stolen = fresh().await;
        for wrong in [
            ("code_verifier", "another-verifier-of-more-than-forty-three-characters"),
            ("redirect_uri", "https://evil.example.com/"),
            ("client_id", "client_other"),
            ("resource", "https://evil.example.com/mcp"),
        ] {
            let code = fresh().await;
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("client_id", &client),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            fields.retain(|(name, _)| *name != wrong.0);
            fields.push(wrong);
            let answer = post_form(&server, "/oauth/token", &fields).await;
            let code_of_fault = if wrong.0 == "resource" { "invalid_target" } else { "invalid_grant" };
            refused_with(&answer, code_of_fault);
            refused_with(&exchange(&server, &client, &code).await, "invalid_grant");
        }
        let (access, _) = tokens(&exchange(&server, &client, &stolen).await);
        refused_with(&exchange(&server, &client, &stolen).await, "invalid_grant");
        assert_eq!(opens(&server, &access, "/mcp").await, 401, "a code that is used twice ends what it made");

        let (_, first) = tokens(&exchange(&server, &client, &fresh().await).await);
        let (access, second) = tokens(&refresh(&server, &client, &first).await);
        refused_with(&refresh(&server, &client, &first).await, "invalid_grant");
        assert_eq!(opens(&server, &access, "/mcp").await, 401, "so does a refresh token");
        refused_with(&refresh(&server, &client, &second).await, "invalid_grant");

        let code = fresh().await;
        let all = (0..8).map(|_| exchange(&server, &client, &code));
        let answers = futures_util::future::join_all(all).await;
        assert!(answers.iter().filter(|answer| answer.status == 200).count() <= 1, "a code works once");

        let late = fresh().await;
        let db = server.open_database().await;
        let passed: campanile_db::Result<u64> = db
            .write(|tx| Box::pin(async move { tx.execute("UPDATE assistant_code SET expires_at = 1", &[]).await }))
            .await;
        passed.unwrap();
        refused_with(&exchange(&server, &client, &late).await, "invalid_grant");

        let (access, kept) = tokens(&exchange(&server, &client, &fresh().await).await);
        let passed: campanile_db::Result<u64> = db
            .write(|tx| {
                Box::pin(async move {
                    tx.execute("UPDATE assistant_token SET expires_at = 1 WHERE kind = 'access'", &[]).await
                })
            })
            .await;
        passed.unwrap();
        assert_eq!(opens(&server, &access, "/mcp").await, 401, "after its hour");
        assert_eq!(opens(&server, &tokens(&refresh(&server, &client, &kept).await).0, "/mcp").await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_and_ends_their_own_and_leaves_with_them() {
    on_each_server(&[], async |server| {
        let workspace = server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned();
        let password = "correct horse battery staple";
        let new = json!({ "email": "staff@example.com", "role": "staff", "password": password });
        let staff = server.post("/api/members", &new).await.unwrap().json["id"].as_str().unwrap().to_owned();
        let (owner, member) =
            (session(&server, OWNER.0, OWNER.1).await, session(&server, "staff@example.com", password).await);
        let client = client(&server).await;
        let (of_owner, _) =
            tokens(&exchange(&server, &client, &code(&server, &owner, &client, &workspace).await).await);
        let (of_member, refresh_of_member) =
            tokens(&exchange(&server, &client, &code(&server, &member, &client, &workspace).await).await);
        // Agreed to, and not fetched yet.
        let late = code(&server, &member, &client, &workspace).await;
        let list = async |cookie: &str| {
            as_member(&server, cookie, "GET", "/api/assistants", &Value::Null).await.json["data"].clone()
        };
        let (seen_by_owner, seen_by_member) = (list(&owner).await, list(&member).await);
        assert_eq!((seen_by_owner.as_array().unwrap().len(), seen_by_member.as_array().unwrap().len()), (2, 1));
        let owners = seen_by_owner.as_array().unwrap().iter().find(|one| one["person_email"] == OWNER.0).unwrap();
        let path = format!("/api/assistants/{}", owners["id"].as_str().unwrap());
        assert_eq!(as_member(&server, &member, "DELETE", &path, &Value::Null).await.status, 404, "somebody else's");
        assert_eq!(opens(&server, &of_member, "/mcp").await, 200);
        let authorization = format!("Bearer {SECRET_KEY}");
        let removed = server
            .ask("DELETE", &format!("/api/members/{staff}"), &[("authorization", &authorization)], Vec::new())
            .await;
        assert_eq!(removed.unwrap().status, 204);
        assert_eq!(opens(&server, &of_member, "/mcp").await, 401, "who leaves takes their assistants along");
        refused_with(&refresh(&server, &client, &refresh_of_member).await, "invalid_grant");
        refused_with(&exchange(&server, &client, &late).await, "invalid_grant");
        let again = json!({ "email": "staff@example.com", "role": "staff" });
        assert_eq!(server.post("/api/members", &again).await.unwrap().status, 201);
        assert_eq!(opens(&server, &of_member, "/mcp").await, 401, "and comes back without them");
        refused_with(&refresh(&server, &client, &refresh_of_member).await, "invalid_grant");
        assert_eq!(opens(&server, &of_owner, "/mcp").await, 200);
        assert_eq!(list(&owner).await.as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_where_they_should_not_go() {
    on_each_server(&[], async |server| {
        let cookie = session(&server, OWNER.0, OWNER.1).await;
        let client = client(&server).await;
        let review = async |change: (&str, Value)| {
            let mut asked = request(&server, &client);
            asked[change.0] = change.1;
            as_member(&server, &cookie, "POST", "/api/assistants/requests", &asked).await
        };
        for (change, status) in [
            (("redirect_uri", json!("https://evil.example.com/")), 400),
            (("redirect_uri", json!(format!("{CALLBACK}/more"))), 400),
            (("client_id", json!("client_nobody")), 404),
        ] {
            let answer = review(change.clone()).await;
            assert_eq!(answer.status, status, "{change:?}: {}", answer.json);
            assert!(answer.json.get("redirect_to").is_none(), "nobody is sent anywhere: {}", answer.json);
        }
        for (change, code) in [
            (("response_type", json!("token")), "unsupported_response_type"),
            (("code_challenge_method", json!("plain")), "invalid_request"),
            (("scope", json!("admin")), "invalid_scope"),
            (("resource", json!("https://evil.example.com/mcp")), "invalid_target"),
        ] {
            let answer = review(change.clone()).await;
            let address = answer.json["redirect_to"].as_str().unwrap_or_else(|| panic!("{change:?}: {}", answer.json));
            assert_eq!(field(address, "error").as_deref(), Some(code), "{address}");
            assert_eq!((field(address, "state").as_deref(), field(address, "code")), (Some("s 1"), None));
        }
        let body = |workspace: Value| json!({ "request": request(&server, &client), "workspace_id": workspace });
        let declined = as_member(&server, &cookie, "POST", "/api/assistants/consents", &body(Value::Null)).await;
        assert_eq!(field(declined.json["redirect_to"].as_str().unwrap(), "error").as_deref(), Some("access_denied"));
        let elsewhere = as_member(&server, &cookie, "POST", "/api/assistants/consents", &body(json!("ws_other"))).await;
        assert_eq!(elsewhere.status, 404, "{}", elsewhere.json);
        let foreign = [JSON, ("cookie", cookie.as_str()), ("origin", "https://evil.example.com")];
        let forged =
            server.ask("POST", "/api/assistants/consents", &foreign, body(json!("ws")).to_string().into_bytes()).await;
        assert_eq!(forged.unwrap().status, 403, "a page of another site cannot agree");

        for uris in [
            json!([]),
            json!(["javascript:alert(1)"]),
            json!(["http://example.com/"]),
            json!(vec!["https://a.example/"; 11]),
        ] {
            refused_with(&register(&server, &json!({ "redirect_uris": uris })).await, "invalid_redirect_uri");
        }
        refused_with(&register(&server, &json!({ "redirect_uris": 1 })).await, "invalid_client_metadata");
        let large =
            register(&server, &json!({ "redirect_uris": [CALLBACK], "client_name": "x".repeat(40 * 1024) })).await;
        assert_eq!(large.status, 413);
        refused_with(
            &post_form(&server, "/oauth/token", &[("grant_type", "password")]).await,
            "unsupported_grant_type",
        );
        refused_with(&post_form(&server, "/oauth/token", &[("a", "1"), ("a", "2")]).await, "invalid_request");
        let json_body = server.ask("POST", "/oauth/token", &[JSON], b"{}".to_vec()).await.unwrap();
        refused_with(&json_body, "invalid_request");
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(register(&server, &json!({ "redirect_uris": [CALLBACK] })).await.status);
        }
        assert!(
            statuses.contains(&429) && statuses.contains(&201),
            "registrations of one address have a pace: {statuses:?}"
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(register(&server, &json!({ "redirect_uris": [CALLBACK] })).await.status, 201, "after a moment");
    })
    .await;
}
