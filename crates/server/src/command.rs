//! The command line.

use std::path::Path;

use clap::{Arg, ArgMatches};

use crate::admin::LinkRequest;
use crate::answer::{self, Question};
use crate::documents::{self, Documents};
use crate::listen::{self, Listening};
use crate::operator::{self, Operator};
use crate::search::{self, Search};
use crate::settings::{KNOWN, Layers, Settings};

const FILE: &str = "campanile.toml";

/// The command that was given, with its settings.
pub(crate) enum Command {
    Serve(Box<Settings>),
    Demo(Box<Settings>),
    ConfigCheck(Box<Settings>),
    Compact(Box<Settings>),
    OpenApi,
    #[cfg(feature = "fixtures")]
    Fixtures(Box<Settings>, String),
    Runs(Operator),
    Search(Search),
    Answer(Question),
    Listen(Listening),
    Workflows(Documents),
    SignInLink(Box<Settings>, LinkRequest),
}

impl Command {
    /// Reads the command line, the environment and the settings file.
    pub(crate) fn parse() -> Result<Self, String> {
        let matches = program().get_matches();
        match matches.subcommand() {
            Some(("serve", given)) => Ok(Self::Serve(Box::new(settings(given)?))),
            Some(("demo", given)) => Ok(Self::Demo(Box::new(settings(given)?))),
            Some(("config", given)) => match given.subcommand() {
                Some((_, given)) => Ok(Self::ConfigCheck(Box::new(settings(given)?))),
                None => Err("name what to do with the settings, as `campanile config check`".into()),
            },
            Some(("compact", given)) => Ok(Self::Compact(Box::new(settings(given)?))),
            Some(("openapi", _)) => Ok(Self::OpenApi),
            #[cfg(feature = "fixtures")]
            Some(("fixtures", given)) => match given.subcommand() {
                Some((_, given)) => Ok(Self::Fixtures(Box::new(settings(given)?), crate::fixtures::upstream(given))),
                None => Err("name the fixtures to write, as `campanile fixtures knock`".into()),
            },
            Some(("admin", given)) => match given.subcommand() {
                Some((_, given)) => Ok(Self::SignInLink(Box::new(settings(given)?), LinkRequest::new(given))),
                None => Err("what should be done? `campanile admin sign-in-link` lets somebody in".into()),
            },
            Some(("workflows", given)) => Ok(Self::Workflows(Documents::new(given))),
            Some(("runs", given)) => Ok(Self::Runs(Operator::new(given))),
            Some(("search", given)) => Ok(Self::Search(Search::new(given))),
            Some(("answer", given)) => Ok(Self::Answer(Question::new(given))),
            Some(("listen", given)) => Ok(Self::Listen(Listening::new(given))),
            _ => Err("what should be done? `campanile --help` lists the commands".into()),
        }
    }
}

fn program() -> clap::Command {
    let program = clap::Command::new("campanile")
        .about("Hears what happens in a team's tools, remembers it, and tells the people and systems that should know.")
        .version(env!("CARGO_PKG_VERSION"))
        .arg_required_else_help(true)
        .subcommand(with_settings(clap::Command::new("serve").about("Start the server")))
        .subcommand(with_settings_but(
            &crate::demo::OWN_SETTINGS,
            clap::Command::new("demo")
                .about("Start a server on a throw-away folder and tell it a story, for a look around"),
        ))
        .subcommand(clap::Command::new("config").about("Look at the settings").arg_required_else_help(true).subcommand(
            with_settings(clap::Command::new("check").about("Check the settings and show what is in force")),
        ))
        .subcommand(
            clap::Command::new("admin").about("Help where nobody can sign in").arg_required_else_help(true).subcommand(
                with_settings(
                    clap::Command::new("sign-in-link")
                        .about("Print a link that signs a member in once, within a day")
                        .args(LinkRequest::arguments()),
                ),
            ),
        )
        .subcommand(with_settings(
            clap::Command::new("compact")
                .about("Make the embedded database's file as small as it can be; the server must be stopped"),
        ))
        .subcommand(operator::command())
        .subcommand(search::command())
        .subcommand(answer::command())
        .subcommand(listen::command())
        .subcommand(documents::command())
        .subcommand(clap::Command::new("openapi").about("Print the OpenAPI document of the API"));
    #[cfg(feature = "fixtures")]
    let program = program.subcommand(crate::fixtures::command(with_settings));
    program
}

fn with_settings(command: clap::Command) -> clap::Command {
    with_settings_but(&[], command)
}

/// Adds a flag for each setting, except those in `own`, which the command decides itself.
fn with_settings_but(own: &[&str], command: clap::Command) -> clap::Command {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("Settings file [default: campanile.toml, if there is one]");
    let flags = KNOWN.iter().filter(|known| !own.contains(&known.name)).map(|known| {
        let default = if known.default.is_empty() { String::new() } else { format!(" [default: {}]", known.default) };
        // Leaked on purpose: clap wants names that live as long as the program.
        let flag: &'static str = known.name.replace('_', "-").leak();
        Arg::new(known.name).long(flag).value_name("VALUE").help(format!("{}{default}", known.help))
    });
    command
        .arg(file)
        .args(flags)
        .after_help("Every flag is also a variable: --net-allow is CAMPANILE_NET_ALLOW. Flags win over the environment, the environment over the file.")
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn settings(given: &ArgMatches) -> Result<Settings, String> {
    let mut layers = Layers::default();
    match given.get_one::<String>("config") {
        Some(file) => layers.add_file(Path::new(file))?,
        None if Path::new(FILE).exists() => layers.add_file(Path::new(FILE))?,
        None => {}
    }
    layers.add_environment(std::env::vars())?;
    for known in KNOWN {
        if let Some(value) = given.try_get_one::<String>(known.name).ok().flatten() {
            layers.add(known.name, value.clone(), &format!("--{}", known.name.replace('_', "-")))?;
        }
    }
    layers.check()
}
