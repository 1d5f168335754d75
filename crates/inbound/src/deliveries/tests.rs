//! Bodies that are deep, wide, or hold what no database keeps.

use super::*;

fn parsed(body: &str) -> std::result::Result<Value, String> {
    parse_body(&[], body.as_bytes())
}

#[test]
fn a_body_of_two_hundred_thousand_brackets_is_refused() {
    let (open, close) = ("[".repeat(200_000), "]".repeat(200_000));
    assert!(parsed(&format!("{{\"a\": {open}{close}}}")).unwrap_err().contains("not JSON"));
}

#[test]
fn a_body_with_more_values_than_fit_into_memory_is_refused_by_their_number() {
    let many = "0,".repeat(DELIVERY_VALUES);
    assert!(parsed(&format!("{{\"a\": [{many}0]}}")).unwrap_err().contains("1000000 values"));
    // Commas and brackets in texts are none.
    let text = "0,[{\\\"".repeat(DELIVERY_VALUES / 2);
    assert!(parsed(&format!("{{\"a\": \"{text}\"}}")).is_ok());
}

#[test]
fn the_character_nul_becomes_the_replacement_character_everywhere() {
    let mut value = parsed(r#"{"a": "x\u0000y", "b": [{"c": "\u0000"}]}"#).unwrap();
    replace_nul(&mut value);
    assert_eq!(value, serde_json::json!({ "a": "x\u{fffd}y", "b": [{ "c": "\u{fffd}" }] }));
}
