//! Loops that forgive like everything else: their runtime is the library's own, which fails on what an item lacks.
//!
//! The inside of each loop is put into a block of ours, which wraps the runtime again. No line is added, so that errors name the author's lines.

use std::io::Write;

use liquid_core::error::Result;
use liquid_core::parser::{TagBlock, TagTokenIter};
use liquid_core::{BlockReflection, Language, ParseBlock, Renderable, Runtime, Template};

use super::lenient::Lenient;

/// The block that loops are filled with.
const START: &str = "forgiving";
const END: &str = "endforgiving";

#[derive(Debug, Clone, Copy)]
pub(super) struct ForgivingBlock;

impl BlockReflection for ForgivingBlock {
    fn start_tag(&self) -> &str {
        START
    }

    fn end_tag(&self) -> &str {
        END
    }

    fn description(&self) -> &str {
        "What is missing inside is nothing"
    }
}

impl ParseBlock for ForgivingBlock {
    fn parse(
        &self,
        mut arguments: TagTokenIter<'_>,
        mut tokens: TagBlock<'_, '_>,
        options: &Language,
    ) -> Result<Box<dyn Renderable>> {
        arguments.expect_nothing()?;
        let inside = Template::new(tokens.parse_all(options)?);
        tokens.assert_empty();
        Ok(Box::new(Forgiving(inside)))
    }

    fn reflection(&self) -> &dyn BlockReflection {
        self
    }
}

#[derive(Debug)]
struct Forgiving(Template);

impl Renderable for Forgiving {
    fn render_to(&self, writer: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        self.0.render_to(writer, &Lenient(runtime))
    }
}

/// What is open at a place of a template.
#[derive(PartialEq)]
enum Open {
    /// A loop, and our block in it.
    Loop,
    /// A loop's other case, for when there is nothing: our block has ended.
    Else,
    Other,
}

/// The text with our block in each loop.
pub(super) fn with_blocks(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let (mut open, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find("{%") {
        let Some(length) = rest[start..].find("%}") else { break };
        let (before, from) = rest.split_at(start);
        let (tag, after) = from.split_at(length + 2);
        out.push_str(before);
        rest = after;
        let inside = tag[2..tag.len() - 2].trim_matches('-').trim();
        let name = inside.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        match name {
            "for" | "tablerow" => {
                open.push(Open::Loop);
                let dash = if tag.ends_with("-%}") { "-" } else { "" };
                out.extend([tag, "{% ", START, " ", dash, "%}"]);
            }
            "else" | "endfor" | "endtablerow" => {
                if open.last() == Some(&Open::Loop) {
                    let dash = if tag.starts_with("{%-") { "-" } else { "" };
                    out.extend(["{%", dash, " ", END, " %}"]);
                    *open.last_mut().expect("it was looked at") = Open::Else;
                }
                out.push_str(tag);
                if name != "else" {
                    open.pop();
                }
            }
            "if" | "unless" | "case" => {
                open.push(Open::Other);
                out.push_str(tag);
            }
            "endif" | "endunless" | "endcase" => {
                open.pop();
                out.push_str(tag);
            }
            // What is inside of these is no template.
            "raw" | "comment" => {
                let end = rest.find(&format!("end{name}")).unwrap_or(rest.len());
                let (kept, after) = rest.split_at(end);
                out.extend([tag, kept]);
                rest = after;
            }
            _ => out.push_str(tag),
        }
    }
    out + rest
}
