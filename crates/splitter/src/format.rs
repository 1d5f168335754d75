//! The markup of a document.

/// The markup of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Markdown with tables, as on GitHub.
    Markdown,
    /// Markdown with components.
    Mdx,
    /// HTML.
    Html,
    /// reStructuredText.
    Rst,
    /// AsciiDoc.
    Asciidoc,
    /// The source of a program.
    Code,
    /// Plain text.
    Text,
}

/// The endings of names by which programs are recognised.
const CODE: &[&str] = &[
    "c", "cc", "cpp", "cs", "css", "dart", "ex", "exs", "go", "gradle", "graphql", "h", "hpp", "java", "js", "json",
    "jsx", "kt", "lua", "m", "mjs", "php", "pl", "proto", "py", "r", "rb", "rs", "scala", "sh", "sql", "swift", "tf",
    "toml", "ts", "tsx", "vue", "yaml", "yml", "zig",
];

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Markdown, Self::Mdx, Self::Html, Self::Rst, Self::Asciidoc, Self::Code, Self::Text];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Mdx => "mdx",
            Self::Html => "html",
            Self::Rst => "rst",
            Self::Asciidoc => "asciidoc",
            Self::Code => "code",
            Self::Text => "text",
        }
    }

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The format of a file, by the ending of its name. Without an ending it is Markdown, which
    /// reads plain text as well.
    pub fn of_path(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((_, ending)) = name.rsplit_once('.') else { return Self::Markdown };
        match ending.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" => Self::Markdown,
            "mdx" => Self::Mdx,
            "html" | "htm" | "xhtml" => Self::Html,
            "rst" | "rest" => Self::Rst,
            "adoc" | "asciidoc" | "asc" => Self::Asciidoc,
            "txt" | "text" | "log" => Self::Text,
            ending if CODE.contains(&ending) => Self::Code,
            _ => Self::Markdown,
        }
    }
}
