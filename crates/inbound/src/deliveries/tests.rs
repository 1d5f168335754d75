//! Bodies that are deep, wide, or contain characters that no database stores.

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
    // Commas and brackets inside texts are not counted.
    let text = "0,[{\\\"".repeat(DELIVERY_VALUES / 2);
    assert!(parsed(&format!("{{\"a\": \"{text}\"}}")).is_ok());
}

#[test]
fn the_character_nul_becomes_the_replacement_character_everywhere() {
    let mut value = parsed(r#"{"a": "x\u0000y", "b": [{"c": "\u0000"}]}"#).unwrap();
    replace_nul(&mut value);
    assert_eq!(value, serde_json::json!({ "a": "x\u{fffd}y", "b": [{ "c": "\u{fffd}" }] }));
}

#[test]
fn what_is_taken_at_the_door_is_readable_afterwards() {
    use crate::envelope::Outline;
    let deep = |depth: usize| format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
    let odd = [
        r#"{"a": "half a pair \ud83d and \udc00", "b": "a whole one \ud83d\ude00"}"#.to_owned(),
        r#"{"a": 18446744073709551616, "b": -0.0, "c": 1e300}"#.to_owned(),
        r#"{"a": "\\ud83d is no escape", "\ud800": 1}"#.to_owned(),
        r#"{"a": 1e400}"#.to_owned(),
        deep(100),
        deep(200),
    ];
    for body in &odd {
        let at_the_door = parse_body::<Outline>(&[], body.as_bytes());
        assert_eq!(at_the_door.is_ok(), parsed(body).is_ok(), "{body:.60}");
    }
    let mended = parsed(&odd[0]).unwrap();
    assert_eq!(mended["a"], "half a pair \u{fffd} and \u{fffd}");
    assert_eq!(mended["b"], "a whole one \u{1f600}");
    assert_eq!(parsed(&odd[2]).unwrap()["a"], r"\ud83d is no escape");
    let mut latin = br#"{"a": "caf"#.to_vec();
    latin.extend(b"\xe9\"}");
    assert_eq!(parse_body::<Value>(&[], &latin).unwrap()["a"], "caf\u{fffd}");
}
