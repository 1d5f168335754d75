use super::reply::{category, entities};

#[test]
fn a_category_is_taken_if_it_is_known_and_sure() {
    let sure = r#"Here it is: ```json
        {"category": "incident", "secondary": ["security", "nonsense"], "topics": ["Login", "login", "incident", ""], "confidence": 0.9}```"#;
    let read = category(sure).unwrap().unwrap();
    assert_eq!((read.category, read.topics), ("incident", vec!["security".to_owned(), "login".to_owned()]));
    for unsure in [
        r#"{"category": "incident", "confidence": 0.59}"#,
        r#"{"category": "incident", "confidence": 7}"#,
        r#"{"category": "party", "confidence": 0.9}"#,
    ] {
        assert_eq!(category(unsure).unwrap(), None, "{unsure}");
    }
    for babble in ["", "incident", r#"{"category": 1, "confidence": 0.9}"#, r#"{"category": "incident"}"#] {
        assert!(category(babble).is_err(), "{babble}");
    }
}

#[test]
fn only_names_that_stand_in_the_text_become_entities() {
    let text = "Ada moved the ledger service behind Checkout; ledger answers again since 42 minutes.";
    let reply = r#"{"entities": [
        {"category": "engineer", "value": "Ada", "confidence": 0.9},
        {"category": "service", "value": "ledger", "confidence": 0.8},
        {"category": "service", "value": "Ledger", "confidence": 0.8},
        {"category": "service", "value": "Kafka", "confidence": 0.99},
        {"category": "service", "value": "Checkout", "confidence": 0.5},
        {"category": "planet", "value": "Checkout", "confidence": 0.9},
        {"category": "reference", "value": "42", "confidence": 0.9}
    ]}"#;
    let found = entities(reply, text).unwrap();
    let keys: Vec<_> = found.iter().map(|entity| (entity.category, entity.key.as_str(), entity.method)).collect();
    assert_eq!(keys, [("engineer", "Ada", "model"), ("service", "ledger", "model")]);
    assert!(found[1].evidence.contains("behind Checkout"));
    let many: Vec<String> =
        (0..30).map(|n| format!(r#"{{"category": "service", "value": "s{n}x", "confidence": 0.9}}"#)).collect();
    let text: String = (0..30).map(|n| format!("s{n}x ")).collect();
    assert_eq!(entities(&format!(r#"{{"entities": [{}]}}"#, many.join(",")), &text).unwrap().len(), 15);
}
