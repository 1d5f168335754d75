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
fn anything_but_a_key_behind_the_scheme_is_refused() {
    for authorization in ["", "Bearer", "Bearer ", "Basic sk_1", "sk_1", "Bearersk_1", "Bearer\tsk_1"] {
        assert!(matches!(word(authorization), Err(Error::Unauthenticated(_))), "{authorization:?}");
    }
}

#[test]
fn of_several_words_none_is_taken_for_the_key() {
    assert_eq!(word("Bearer sk_1 b").unwrap().as_deref(), Some("sk_1 b"));
}
