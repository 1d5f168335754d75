use super::*;

fn word(authorization: &str) -> Result<Option<String>> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, authorization.parse().unwrap());
    bearer(&headers).map(|word| word.map(str::to_owned))
}

#[test]
fn the_scheme_is_written_in_any_case_and_with_any_number_of_spaces() {
    for authorization in ["Bearer sk_1", "bearer sk_1", "BEARER sk_1", "Bearer   sk_1", "Bearer sk_1 "] {
        assert_eq!(word(authorization).unwrap().as_deref(), Some("sk_1"), "{authorization:?}");
    }
    assert_eq!(bearer(&HeaderMap::new()).unwrap(), None);
}

#[test]
fn anything_but_one_word_behind_the_scheme_is_refused() {
    for authorization in
        ["", "Bearer", "Bearer ", "Bearer a b", "Bearer a\tb", "Basic sk_1", "sk_1", "Bearersk_1", "Bearer\tsk_1"]
    {
        assert!(matches!(word(authorization), Err(Error::Unauthenticated(_))), "{authorization:?}");
    }
}
