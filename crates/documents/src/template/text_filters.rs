//! Text filters that follow LiquidJS where the library differs from it.

use liquid_core::ValueView;
use liquid_core::model::Value;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bounded::{Own, fits};

type Outcome = Result<Value, String>;

/// The characters that are encoded in an address: all but letters, digits and those removed here.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

pub(super) fn all() -> [Own; 8] {
    [
        Own::new("capitalize", (0, 0), |input, _| {
            let text = input.to_kstr();
            let mut letters = text.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            Ok(Value::scalar(first + &letters.as_str().to_lowercase()))
        }),
        Own::new("escape", (0, 0), |input, _| escaped(input.to_kstr().as_str(), false)),
        Own::new("escape_once", (0, 0), |input, _| escaped(input.to_kstr().as_str(), true)),
        Own::new("newline_to_br", (0, 0), |input, _| {
            let text = input.to_kstr().replace("\r\n", "\n");
            fits(text.len() + text.matches('\n').count() * "<br />".len())?;
            Ok(Value::scalar(text.replace('\n', "<br />\n")))
        }),
        Own::new("url_encode", (0, 0), |input, _| {
            let text = utf8_percent_encode(input.to_kstr().as_str(), &ENCODED).to_string();
            Ok(Value::scalar(text.replace("%20", "+")))
        }),
        Own::new("remove_last", (1, 1), |input, words| last_replaced(input, &words[0], &Value::scalar(""))),
        Own::new("replace_last", (2, 2), |input, words| last_replaced(input, &words[0], &words[1])),
        Own::new("truncatewords", (0, 2), first_words),
    ]
}

/// Escapes a text for HTML. Existing references are kept if `leaves_references` is true.
fn escaped(text: &str, leaves_references: bool) -> Outcome {
    let mut out = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        match letter {
            '&' if leaves_references && is_reference(&text[at + 1..]) => out.push('&'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    fits(out.len())?;
    Ok(Value::scalar(out))
}

/// True if the text after an ampersand is a reference that this filter writes, or `quot;`.
fn is_reference(rest: &str) -> bool {
    ["amp;", "lt;", "gt;", "#34;", "#39;", "quot;"].iter().any(|reference| rest.starts_with(reference))
}

fn last_replaced(input: &dyn ValueView, search: &Value, with: &Value) -> Outcome {
    let (text, search, with) = (input.to_kstr(), search.to_kstr(), with.to_kstr());
    fits(text.len() + with.len())?;
    Ok(Value::scalar(match text.rfind(search.as_str()) {
        Some(at) => format!("{}{with}{}", &text[..at], &text[at + search.len()..]),
        None => text.into_string(),
    }))
}

/// The first words of a text, and a sign that there may be more. As in LiquidJS, the sign also
/// follows a text of exactly that many words.
fn first_words(input: &dyn ValueView, words: &[Value]) -> Outcome {
    let most = words.first().and_then(|most| most.as_scalar()?.to_integer()).unwrap_or(15).max(1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let sign = words.get(1).map_or_else(|| "...".into(), |sign| sign.to_kstr());
    let text = input.to_kstr();
    let all: Vec<&str> = text.split_whitespace().collect();
    let mut kept = all.iter().take(most).copied().collect::<Vec<_>>().join(" ");
    if all.len().max(1) >= most {
        kept.push_str(sign.as_str());
    }
    fits(kept.len())?;
    Ok(Value::scalar(kept))
}
