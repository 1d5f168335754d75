use super::*;
use crate::{AddressRules, SendError};

const FLOW: Flow = Flow {
    authorize_url: String::new(),
    token_url: String::new(),
    revoke_url: None,
    authentication: Authentication::Body,
    encoding: Encoding::Form,
    scopes: &["read", "write"],
    scope_separator: ",",
    pkce: Pkce::S256,
    parameters: &[("prompt", "consent")],
    refresh: Refresh::Rotating,
};

fn flow() -> Flow {
    Flow { authorize_url: "https://tool.example/oauth/authorize?tenant=a".to_owned(), ..FLOW }
}

fn client() -> Registration {
    Registration {
        client_id: "a b".to_owned(),
        client_secret: Some(Secret::new("s:ü")),
        redirect_uri: "https://us.example/return".to_owned(),
    }
}

fn answer(status: u16, body: &str) -> Response {
    Response { status, headers: vec![("Retry-After".to_owned(), "7".to_owned())], body: body.as_bytes().to_vec() }
}

#[test]
fn the_challenge_of_the_example_in_rfc_7636_is_that_of_its_appendix_b() {
    let verifier = Verifier::kept(Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let (one, other) = (Verifier::new(), Verifier::new());
    assert!(one.expose().len() >= 43 && one.expose() != other.expose());
}

#[test]
fn the_consent_page_gets_the_state_and_the_challenge_but_never_a_secret() {
    let verifier = Verifier::new();
    let url = authorize_url(&flow(), &client(), "st&te", Some(&verifier)).unwrap();
    let url = crate::parse_url(&url).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let expected = [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "a b"),
        ("redirect_uri", "https://us.example/return"),
        ("scope", "read,write"),
        ("state", "st&te"),
        ("code_challenge", &verifier.challenge()),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let plain = authorize_url(&Flow { pkce: Pkce::None, ..flow() }, &client(), "s", Some(&verifier)).unwrap();
    assert!(!plain.contains("code_challenge"));
}

#[test]
fn credentials_are_sent_in_the_body_or_in_the_header_but_not_in_both() {
    let sent = request(&flow(), &client(), "https://tool.example/token", &[("code", "c")]);
    assert_eq!(std::str::from_utf8(&sent.body).unwrap(), "code=c&client_id=a+b&client_secret=s%3A%C3%BC");
    let basic = Flow { authentication: Authentication::Basic, encoding: Encoding::Json, ..flow() };
    let sent = request(&basic, &client(), "https://tool.example/token", &[("code", "c")]);
    assert_eq!(std::str::from_utf8(&sent.body).unwrap(), r#"{"code":"c"}"#);
    let header = sent.headers.iter().find(|(name, _)| name == "authorization").unwrap();
    assert_eq!(header.1, format!("Basic {}", STANDARD.encode("a+b:s%3A%C3%BC")));
}

#[test]
fn an_answer_is_tokens_or_a_typed_refusal() {
    let read = |status, body: &str| answer::tokens(&flow(), &answer(status, body));
    let good = r#"{"access_token":"a","refresh_token":"r","expires_in":"3600","scope":"read write","team":{"id":1}}"#;
    let tokens = read(200, good).unwrap();
    assert_eq!((tokens.access.expose(), tokens.refresh.unwrap().expose()), ("a", "r"));
    assert_eq!((tokens.expires_in, tokens.scopes.len()), (Some(Duration::from_secs(3_600)), 2));
    assert_eq!(tokens.extra["team"]["id"], 1);
    let list = read(200, r#"{"access_token":"a","scope":["read,write"],"expires_in":-1}"#).unwrap();
    assert_eq!((list.scopes.len(), list.expires_in), (2, None));

    assert!(matches!(read(400, r#"{"error":"invalid_grant"}"#), Err(OauthError::InvalidGrant(_))));
    // GitHub sends errors with status 200.
    assert!(
        matches!(read(200, r#"{"error":"bad_code"}"#), Err(OauthError::Refused { code, .. }) if code == "bad_code")
    );
    assert!(matches!(read(429, "{}"), Err(OauthError::Limited(Some(wait))) if wait.as_secs() == 7));
    // A failing provider may say anything: it must not end a connection.
    assert!(matches!(read(503, r#"{"error":"invalid_grant"}"#), Err(OauthError::Provider(503))));
    for unreadable in ["", "[]", "{}", r#"{"access_token":7}"#, r#"{"access_token":""}"#] {
        assert!(matches!(read(200, unreadable), Err(OauthError::Unreadable(_))), "{unreadable}");
    }
}

#[tokio::test]
async fn a_token_endpoint_at_a_private_address_is_not_asked() {
    let flow = Flow { token_url: "http://127.0.0.1:9/token".to_owned(), ..flow() };
    let asked = exchange(&Client::new(AddressRules::default()), &flow, &client(), "code", None).await;
    assert!(matches!(asked, Err(OauthError::Unsent(SendError::Blocked(_)))), "{asked:?}");
}
