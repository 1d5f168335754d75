//! The properties of a Notion page: its title, and the others as a list of lines.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::address_of;
use super::rich_text::{date, link, markdown, on_one_line, plain};

/// The most properties of a page.
const PROPERTIES: usize = 200;
/// The most entries of one property.
const ENTRIES: usize = 100;
/// The longest value, in characters.
const LENGTH: usize = 2_000;

/// The title of a page, or of a database.
pub fn title(page: &Value) -> Option<String> {
    let properties = page["properties"].as_object();
    let of_page = properties.into_iter().flatten().map(|(_, property)| property).find(|p| p["type"] == "title");
    let title = on_one_line(&plain(of_page.map_or(&page["title"], |property| &property["title"])));
    Some(title).filter(|title| !title.is_empty())
}

/// The other properties that have a value, as a list in Markdown.
pub fn lines(page: &Value) -> String {
    let properties = page["properties"].as_object().into_iter().flatten();
    let lines = properties.take(PROPERTIES).filter_map(|(name, property)| {
        let value = on_one_line(&value(property, 0)?);
        let value: String = value.chars().take(LENGTH).collect();
        (!value.is_empty()).then(|| format!("- {}: {value}", on_one_line(name)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The value of a property. A rollup may have further values, one level deep.
fn value(property: &Value, depth: usize) -> Option<String> {
    let kind = property["type"].as_str()?;
    let of = &property[kind];
    let name = |of: &Value| of["name"].as_str().map(str::to_owned);
    let list = |read: &dyn Fn(&Value) -> Option<String>| {
        let entries: Vec<String> = of.as_array()?.iter().take(ENTRIES).filter_map(read).collect();
        Some(entries.join(", "))
    };
    match kind {
        "rich_text" => Some(markdown(of)),
        // Within a rollup.
        "title" if depth > 0 => Some(markdown(of)),
        "select" | "status" => name(of),
        "multi_select" | "people" | "files" => list(&name),
        "date" => date(of),
        "number" => of.as_number().map(ToString::to_string),
        "checkbox" | "boolean" => of.as_bool().map(|is| if is { "yes" } else { "no" }.to_owned()),
        "url" => of.as_str().map(|url| link(url, url)),
        "email" | "phone_number" | "created_time" | "last_edited_time" | "string" => of.as_str().map(str::to_owned),
        "created_by" | "last_edited_by" => name(of),
        "relation" => list(&|page| page["id"].as_str().map(|id| link("page", &address_of(id)))),
        "unique_id" => {
            let number = of["number"].as_i64()?;
            let prefix = of["prefix"].as_str().map(|prefix| format!("{prefix}-")).unwrap_or_default();
            Some(format!("{prefix}{number}"))
        }
        "verification" => of["state"].as_str().map(str::to_owned),
        "formula" => value(of, depth + 1),
        "rollup" if depth > 0 => None,
        "rollup" => match of["type"].as_str()? {
            "array" => {
                let entries = of["array"].as_array()?.iter().take(ENTRIES);
                Some(entries.filter_map(|entry| value(entry, depth + 1)).collect::<Vec<_>>().join(", "))
            }
            _ => value(of, depth + 1),
        },
        _ => None,
    }
}
