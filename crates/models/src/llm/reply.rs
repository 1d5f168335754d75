//! The part of a reply that is read.

/// The JSON object in a reply: models like to put words or a fence around it.
pub fn json_object(text: &str) -> &str {
    match (text.find('{'), text.rfind('}')) {
        (Some(first), Some(last)) if first < last => &text[first..=last],
        _ => text,
    }
}
