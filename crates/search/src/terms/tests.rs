use proptest::prelude::*;

use super::*;

fn terms(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    Splitter::default().split(text, &mut |term| found.push(term.text.to_owned()));
    found
}

#[test]
fn words_are_stemmed_and_compared_without_case() {
    assert_eq!(terms("Deployments FAILED quickly"), ["deploy", "fail", "quick"]);
}

#[test]
fn identifiers_are_found_whole_and_by_their_parts() {
    assert_eq!(terms("ABC-123"), ["abc", "123", "abc-123"]);
    assert_eq!(terms("snake_case"), ["snake", "case", "snake_case"]);
    assert_eq!(terms("src/db/tx.rs"), ["src", "db", "tx", "rs", "src/db/tx.rs"]);
    assert_eq!(terms("getUserID"), ["get", "user", "id", "getuserid"]);
    assert_eq!(terms("HTTPServer2"), ["http", "server", "httpserver2"]);
    assert_eq!(terms("MAX_RETRIES"), ["max", "retri", "max_retries"]);
    assert_eq!(terms("ORA-00942"), ["ora", "00942", "ora-00942"]);
    assert_eq!(terms("E0308"), ["0308", "e0308"]);
}

#[test]
fn numbers_and_names_keep_their_signs() {
    assert_eq!(terms("see #42, from @jane."), ["see", "42", "#42", "from", "jane", "@jane"]);
    assert_eq!(terms("acme/site#42"), ["acm", "site", "42", "acme/site#42"]);
}

#[test]
fn long_and_short_forms_of_a_commit_meet() {
    let long = terms("9fceb02d0ae598e95dc970b74767f19372d61af8");
    assert!(long.contains(&"sha:9fceb02".to_owned()));
    assert!(terms("9fceb02").contains(&"sha:9fceb02".to_owned()));
    assert!(!terms("defaced").iter().any(|term| term.starts_with("sha:")), "a word is no commit");
}

#[test]
fn a_sentence_border_joins_nothing() {
    assert_eq!(terms("It failed. Why? (see logs...)"), ["it", "fail", "whi", "see", "log"]);
}

#[test]
fn scripts_without_spaces_are_found_by_pairs() {
    assert_eq!(terms("検索結果"), ["検索", "索結", "結果"]);
    assert_eq!(terms("猫"), ["猫"]);
    assert_eq!(terms("deploy検索"), ["deploy", "検索"]);
}

#[test]
fn accents_and_compatibility_forms_do_not_count() {
    assert_eq!(terms("Café cafe\u{301} CAFÉ"), ["cafe", "cafe", "cafe"]);
    assert_eq!(terms("ﬁx"), terms("fix"));
    assert_eq!(terms("नमस्ते"), ["नमस्ते"], "vowel signs of other scripts are part of the word");
}

#[test]
fn long_terms_are_cut() {
    let long = "x".repeat(300);
    assert!(terms(&long).iter().all(|term| term.len() <= MOST_BYTES));
    assert_eq!(terms("12345678901234567890"), ["123456789012"]);
    assert_eq!(terms(&vec!["a"; 100].join("/")).len(), MOST_PARTS + 1);
}

#[test]
fn a_place_is_the_word_in_the_text() {
    let text = "der Fehler #42";
    let mut places = Vec::new();
    let words = Splitter::default().split(text, &mut |term| places.push((term.position, &text[term.start..term.end])));
    assert_eq!(words, 3);
    assert_eq!(places, [(0, "der"), (1, "Fehler"), (2, "#42"), (2, "#42")]);
}

proptest! {
    #[test]
    fn terms_that_are_looked_for_are_found_as_in_all(text in "([A-Za-z]{1,8}(ing|ies|s|ed)?[-. ]){0,20}", at in 0..40_usize) {
        let all = terms(&text);
        if let Some(sought) = all.get(at % all.len().max(1)) {
            let (mut found, mut splitter) = (0, Splitter::looking_for([sought.as_str()].into_iter()));
            splitter.split(&text, &mut |term| found += usize::from(term.text == sought.as_str()));
            prop_assert_eq!(found, all.iter().filter(|term| *term == sought).count());
        }
    }

    #[test]
    fn any_text_is_split_and_places_lie_in_it(text in "\\PC{0,200}") {
        let mut last = 0;
        Splitter::default().split(&text, &mut |term| {
            assert!(!term.text.is_empty() && term.text.len() <= MOST_BYTES);
            assert!(text.get(term.start..term.end).is_some_and(|word| !word.is_empty()));
            assert!(term.position >= last);
            last = term.position;
        });
    }

    #[test]
    fn a_whole_form_gives_itself_again(word in "[a-z]{2,6}([./:#@-][a-z0-9]{1,6}){1,4}") {
        prop_assert!(terms(&word).contains(&word));
    }
}
