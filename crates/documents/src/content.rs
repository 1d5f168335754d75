//! The content of a step: its templates by channel type, parsed once for each version.

use serde_json::{Map, Value, json};

use crate::ChannelType;
use crate::layout::Layouts;
use crate::markdown;
use crate::template::{TemplateError, Variables};
use crate::text::Text;

/// The content of a step.
#[derive(Debug)]
#[allow(missing_docs, reason = "the names are those of the templates")]
pub enum Content {
    Feed { body: Text, action_url: Option<Text>, buttons: Vec<(Text, Text)> },
    Email { subject: Text, html: Option<Text>, text: Option<Text>, attachments: String, layout: Option<String> },
    Sms { body: Text, to: Option<Text> },
    Push { title: Text, body: Text, is_silent: bool, overrides: Option<Text> },
    Chat { markdown: Text, summary: Option<Text>, json: Option<Text> },
    Http { method: String, url: Text, headers: Vec<(String, Text)>, query: Vec<(String, Text)>, body: Option<Text> },
    Nothing,
}

impl Content {
    /// Reads the template of a step.
    pub fn new(kind: Option<ChannelType>, template: &Map<String, Value>) -> Self {
        let word = |name: &str| template.get(name).and_then(Value::as_str);
        let text = |name: &str| Text::new(word(name).unwrap_or_default());
        let optional = |name: &str| word(name).filter(|text| !text.trim().is_empty()).map(Text::new);
        let settings = template.get("settings").and_then(Value::as_object);
        let setting = |name: &str| settings.and_then(|settings| settings.get(name)).and_then(Value::as_str);
        match kind {
            Some(ChannelType::InAppFeed) => Self::Feed {
                body: text("markdown_body"),
                action_url: optional("action_url"),
                buttons: pairs(template.get("action_buttons"), "label", "action")
                    .map(|(label, action)| (Text::new(label), Text::new(action)))
                    .collect(),
            },
            Some(ChannelType::Email) => Self::Email {
                subject: text("subject"),
                html: optional("html_body").or_else(|| blocks(template).as_deref().map(Text::new)),
                text: optional("text_body"),
                attachments: setting("attachment_key").unwrap_or("attachments").to_owned(),
                layout: setting("layout_key").filter(|key| !key.is_empty()).map(str::to_owned),
            },
            Some(ChannelType::Sms) => Self::Sms { body: text("text_body"), to: setting("to_number").map(Text::new) },
            Some(ChannelType::Push) => Self::Push {
                title: text("title"),
                body: text("text_body"),
                is_silent: setting("delivery_type") == Some("silent"),
                overrides: setting("payload_overrides").map(Text::new),
            },
            Some(ChannelType::Chat) => Self::Chat {
                markdown: text("markdown_body"),
                summary: optional("summary"),
                json: optional("json_body"),
            },
            Some(ChannelType::Http) => {
                let texts = |name: &str| {
                    pairs(template.get(name), "key", "value").map(|(key, value)| (key.to_owned(), Text::new(value)))
                };
                Self::Http {
                    method: word("method").unwrap_or("post").to_owned(),
                    url: text("url"),
                    headers: texts("headers").collect(),
                    query: texts("query_params").collect(),
                    body: optional("body"),
                }
            }
            Some(ChannelType::InAppGuide) | None => Self::Nothing,
        }
    }

    /// Renders the content of a message, in the shape of the API.
    ///
    /// # Errors
    /// The fault of the template, and its place; or the name of a layout that does not exist.
    pub fn render(&self, variables: &Variables, layouts: &Layouts) -> Result<Value, TemplateError> {
        let optional = |text: &Option<Text>| text.as_ref().map(|text| text.render(variables)).transpose();
        Ok(match self {
            Self::Feed { body, action_url, buttons } => feed(body, action_url.as_ref(), buttons, variables)?,
            Self::Email { subject, html, text, attachments, layout } => {
                let (mut html, mut text) = (optional(html)?.unwrap_or_default(), optional(text)?);
                if let Some(key) = layout {
                    let layout = layouts.get(key);
                    let layout = layout.ok_or_else(|| TemplateError::new(format!("there is no layout {key:?}")))?;
                    (html, text) = layout.wrap(variables, &html, text.as_deref())?;
                }
                let text = match text {
                    Some(text) => text,
                    None => markdown::text_of_html(&html),
                };
                let subject = subject.render(variables)?.trim().to_owned();
                json!({ "subject_line": subject, "html_body": html, "text_body": text, "attachment_key": attachments })
            }
            Self::Sms { body, to } => json!({ "body": body.render(variables)?, "to": optional(to)? }),
            Self::Push { title, body, is_silent, overrides } => json!({
                "title": title.render(variables)?, "body": body.render(variables)?, "is_silent": is_silent,
                "overrides": overrides.as_ref().map(|text| text.render_json(variables)).transpose()?,
            }),
            Self::Chat { markdown, summary, json } => json!({
                "markdown": markdown.render(variables)?,
                "summary": optional(summary)?,
                "json_content": json.as_ref().map(|text| text.render_json(variables)).transpose()?,
            }),
            Self::Http { method, url, headers, query, body } => {
                let all = |texts: &[(String, Text)]| {
                    let rendered =
                        texts.iter().map(|(key, text)| Ok((key.clone(), Value::String(text.render(variables)?))));
                    rendered.collect::<Result<Map<String, Value>, TemplateError>>()
                };
                json!({
                    "method": method, "url": url.render(variables)?, "headers": all(headers)?, "query": all(query)?,
                    "body": optional(body)?,
                })
            }
            Self::Nothing => json!({}),
        })
    }
}

fn feed(
    body: &Text,
    action_url: Option<&Text>,
    buttons: &[(Text, Text)],
    variables: &Variables,
) -> Result<Value, TemplateError> {
    let rendered = markdown::html(body.render(variables)?.trim());
    let mut blocks =
        vec![json!({ "type": "markdown", "name": "body", "content": body.source(), "rendered": rendered })];
    if let Some(url) = action_url {
        let rendered = url.render(variables)?.trim().to_owned();
        blocks.push(json!({ "type": "text", "name": "action_url", "content": url.source(), "rendered": rendered }));
    }
    if !buttons.is_empty() {
        let rendered = buttons.iter().zip(["primary", "secondary"]).map(|((label, action), name)| {
            Ok(json!({ "name": name, "label": label.render(variables)?, "action": action.render(variables)? }))
        });
        let rendered: Result<Vec<Value>, TemplateError> = rendered.collect();
        blocks.push(json!({ "type": "button_set", "name": "actions", "buttons": rendered? }));
    }
    Ok(json!({ "blocks": blocks }))
}

/// Two text fields of each object in a list. Objects that lack one are left out.
fn pairs<'v>(list: Option<&'v Value>, a: &'v str, b: &'v str) -> impl Iterator<Item = (&'v str, &'v str)> {
    let items = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().iter();
    items.filter_map(move |item| Some((item.get(a)?.as_str()?, item.get(b)?.as_str()?)))
}

/// The blocks of a visual template, as one HTML template.
fn blocks(template: &Map<String, Value>) -> Option<String> {
    let blocks = template.get("visual_blocks")?.as_array()?;
    let html = blocks.iter().map(|block| {
        let word = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        match word("type") {
            "markdown" => markdown::template_html(word("content")),
            "html" => word("content").to_owned(),
            "divider" => "<hr>".to_owned(),
            "image" => format!("<img src=\"{}\" alt=\"{}\">", word("url"), word("alt")),
            "button_set" => pairs(block.get("buttons"), "label", "action")
                .map(|(label, action)| format!("<a class=\"button\" href=\"{action}\">{label}</a>"))
                .collect::<Vec<_>>()
                .join(" "),
            _ => String::new(),
        }
    });
    Some(html.collect::<Vec<_>>().join("\n"))
}
