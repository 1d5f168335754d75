use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    is_on: bool,
    inner: Option<Inner>,
    list: Vec<Inner>,
    by_name: BTreeMap<String, Inner>,
    choice: Option<Choice>,
    pair: Option<(Inner, i64)>,
    anything: Value,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Inner {
    text: String,
    share: f64,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    Bare,
    One(Inner),
    Fields { text: String },
}

fn read(text: &str) -> Result<Settings, serde_json::Error> {
    serde_json::from_str::<ObjectsOnly<Settings>>(text).map(|read| read.0)
}

#[test]
fn a_list_is_no_object_at_any_depth() {
    for text in [
        "[]",
        "[true]",
        r#"{"inner":["a",1]}"#,
        r#"{"inner":[]}"#,
        r#"{"list":[["a",1]]}"#,
        r#"{"by_name":{"a":["a"]}}"#,
        r#"{"choice":{"one":["a"]}}"#,
        r#"{"choice":{"fields":["a"]}}"#,
        r#"{"pair":[["a"],1]}"#,
    ] {
        assert!(serde_json::from_str::<Settings>(text).is_ok(), "the bare reader takes {text}");
        let refusal = read(text).unwrap_err().to_string();
        assert!(refusal.starts_with("invalid type: sequence, expected struct"), "{text}: {refusal}");
    }
}

#[test]
fn an_object_is_read_as_ever() {
    for text in [
        "{}",
        r#"{"is_on":true,"inner":{"text":"a","share":1},"list":[{"text":"b"},{}],"by_name":{"a":{"share":0.5}}}"#,
        r#"{"inner":null,"choice":"bare","anything":[1,[2,{"a":[]}],"x",null,-3,18446744073709551615,1e300]}"#,
        r#"{"choice":{"one":{"text":"a"}},"pair":[{"text":"ü😀\u0041"},-9223372036854775808]}"#,
        r#"{"choice":{"fields":{"text":"a"}}}"#,
    ] {
        assert_eq!(read(text).unwrap(), serde_json::from_str(text).unwrap(), "{text}");
    }
}

#[test]
fn other_faults_are_told_as_ever() {
    for text in [r#"{"is_on":1}"#, r#"{"other":1}"#, r#"{"inner":{"share":"x"}}"#, "7", "null", "", "{", "{} {}"] {
        let bare = serde_json::from_str::<Settings>(text).unwrap_err().to_string();
        assert_eq!(read(text).unwrap_err().to_string(), bare, "{text}");
    }
    let deep = format!("{{\"anything\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(read(&deep).unwrap_err().to_string().contains("recursion limit"));
}

#[test]
fn raw_text_stays_as_it_was_written() {
    let ObjectsOnly(raw) = serde_json::from_str::<ObjectsOnly<Box<RawValue>>>(r#"{"a":  1.0}"#).unwrap();
    assert_eq!(raw.get(), r#"{"a":  1.0}"#);
}
