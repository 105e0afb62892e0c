//! The command line, as clap reads it. The doc comments here are the help texts.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::sandbox::EngineKind;
use crate::text::hidden::session_name;

/// After the options, so that all help is short: clap expands commands with a long text.
const AFTER: &str = "Without a command, sandbar opens its terminal with the session of this directory \
    that was on the screen last, or a new one if there is none; --session opens another, --empty and --repo start a new one. None of these resumes a paused session. Without an E2B account sandboxes are local; without a model's key \
    the demo model answers.";

/// Run coding agents in sandboxes, from one terminal
#[derive(Debug, Parser)]
#[command(
    name = "sandbar",
    version,
    after_help = AFTER,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub options: GlobalOptions,
    /// Open the terminal with this session, whatever directory it belongs to
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["repo", "empty", "template", "demo", "engine"]
    )]
    pub session: Option<String>,
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

/// Flags that override the environment, the configuration file and the defaults. Those for a new session are
/// accepted before and after `run`.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct GlobalOptions {
    /// Where sandboxes come from: e2b or local
    #[arg(long, global = true, value_enum, hide_possible_values = true)]
    pub engine: Option<EngineArg>,
    /// The template of a new session's sandbox
    #[arg(long, value_name = "NAME")]
    pub template: Option<String>,
    /// The model of a new session; with run --session, of this prompt
    #[arg(long, value_name = "PROVIDER/MODEL")]
    pub model: Option<String>,
    /// Use the scripted demo model, even if a model's key is set
    #[arg(long)]
    pub demo: bool,
    /// Start a new session without the code of this directory
    #[arg(long, conflicts_with = "repo")]
    pub empty: bool,
    /// Start a new session on a clone of this repository
    #[arg(long, value_name = "URL")]
    pub repo: Option<String>,
}

impl GlobalOptions {
    /// These values where given, otherwise those of `outer`.
    pub(super) fn over(&self, outer: &Self) -> Self {
        let is_code_given = self.empty || self.repo.is_some();
        let code = if is_code_given { self } else { outer };
        Self {
            engine: self.engine.or(outer.engine),
            template: self.template.clone().or_else(|| outer.template.clone()),
            model: self.model.clone().or_else(|| outer.model.clone()),
            demo: self.demo || outer.demo,
            empty: code.empty,
            repo: code.repo.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EngineArg {
    /// E2B, or the server at `E2B_API_URL`
    E2b,
    /// Sandboxes on this machine
    Local,
}

impl From<EngineArg> for EngineKind {
    fn from(engine: EngineArg) -> Self {
        match engine {
            EngineArg::E2b => Self::E2b,
            EngineArg::Local => Self::Local,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum CliCommand {
    /// Send one prompt to a new or an existing session, and print the answer
    Run(RunArgs),
    /// Open the chat of any running OpenCode server, without a sandbox
    Attach(AttachArgs),
    /// List the sessions, what they do and what they wait for
    Ls(JsonArgs),
    /// Search the conversations of all sessions, even if their sandboxes are gone
    Search(SearchArgs),
    /// Kill a session's sandbox; its conversation stays readable
    Kill(KillArgs),
    /// Remove sessions whose sandbox is gone, with their conversations and snapshots
    Rm(RmArgs),
    /// Restore a session from its last snapshot, in a new sandbox
    Revive(NameArgs),
    /// Adopt a sandbox of this account that sandbar made on another machine
    Adopt(AdoptArgs),
    /// Open a shell in a session's sandbox
    Shell(ShellArgs),
    /// Print the work done in a session as a patch
    Diff(NameArgs),
    /// Apply the work done in a session to this git work tree
    Apply(ApplyArgs),
    /// Merge the changes of this git work tree into a session
    Update(UpdateArgs),
    /// Fetch the work done in a session as a branch of this git repository
    Fetch(FetchArgs),
    /// Fetch the work done in a session, and push the branch
    Push(PushArgs),
    /// Fetch and push the work done in a session, and open a pull request with gh
    Pr(PrArgs),
    /// Pause sessions' sandboxes, and everything that runs in them
    Pause(NamesArgs),
    /// Resume paused sandboxes
    Resume(NamesArgs),
    /// Print the effective configuration, and where each value came from
    Config(JsonArgs),
    /// Check what this machine supports, and say how to fix what is missing
    Doctor(JsonArgs),
    /// List, add and remove the rules that answer an agent's permission requests
    Rules(RulesArgs),
    /// Print the key map, with the names that config.toml uses
    Keys(KeysArgs),
    /// Run or control the E2B-compatible server for local sandboxes
    #[command(subcommand)]
    Local(LocalCommand),
    /// What sandbar runs inside its own sandboxes
    #[command(subcommand, hide = true)]
    Internal(InternalCommand),
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct RunArgs {
    /// The prompt; "-" reads it from standard input
    #[arg(value_name = "PROMPT")]
    pub prompt: String,
    /// Print events as JSON, one per line
    #[arg(long)]
    pub json: bool,
    /// Allow everything that no rule denies, and answer questions with their first option; without it, the first
    /// request that needs you ends the run
    #[arg(long)]
    pub auto: bool,
    /// Answer permission requests by the rules that `sandbar rules` lists
    #[arg(long)]
    pub rules: bool,
    /// Kill the sandbox afterwards and remove the session, instead of pausing it
    #[arg(long)]
    pub rm: bool,
    /// Name of the new session
    #[arg(long, value_parser = session_name)]
    pub name: Option<String>,
    /// Continue this session, and afterwards leave it running or paused as before
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with_all = ["name", "rm", "repo", "empty", "template", "demo"]
    )]
    pub session: Option<String>,
    #[command(flatten)]
    pub options: GlobalOptions,
}

#[derive(Debug, Args)]
pub(super) struct AttachArgs {
    /// Base URL of the server
    pub url: String,
    /// The conversation to open; by default the newest
    #[arg(long, value_name = "ID")]
    pub session: Option<String>,
    /// The environment variable with the server's password
    #[arg(long, value_name = "VAR", default_value = "OPENCODE_SERVER_PASSWORD")]
    pub password_env: String,
}

#[derive(Debug, Args)]
pub(super) struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    /// Words to find, all of them in one message; the last may be incomplete. For a phrase, quote twice: '"exit code"'
    #[arg(required = true, value_name = "WORD")]
    pub words: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct KillArgs {
    /// Names of sessions or ids of sandboxes, as `sandbar ls` prints them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// Do not ask for confirmation; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RmArgs {
    /// Names of sessions, as `sandbar ls` prints them
    #[arg(required_unless_present = "gone", value_name = "NAME")]
    pub names: Vec<String>,
    /// All sessions whose sandbox is gone
    #[arg(long, conflicts_with = "names")]
    pub gone: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(super) struct AdoptArgs {
    /// Id of the sandbox, as `sandbar ls` prints it
    #[arg(value_name = "SANDBOX_ID")]
    pub sandbox: String,
    /// Name of the session; by default the one it had before
    #[arg(long, value_parser = session_name)]
    pub name: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct NamesArgs {
    /// Names of sessions, as `sandbar ls` prints them
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// Name of the session, as `sandbar ls` prints it
    pub name: String,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Name of the session, as `sandbar ls` prints it
    pub name: String,
    /// Apply it even if the work tree is unrelated to the session
    #[arg(long)]
    pub force: bool,
    /// Apply it even if the same lines changed here, and mark the conflicts
    #[arg(long = "3way")]
    pub three_way: bool,
}

#[derive(Debug, Args)]
pub(super) struct UpdateArgs {
    /// Name of the session, as `sandbar ls` prints it
    pub name: String,
    /// Skip the check that the work tree belongs to the session; unrelated commit histories are still refused
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub(super) struct FetchArgs {
    /// Name of the session, as `sandbar ls` prints it
    pub name: String,
    /// Message for the commit of the agent's uncommitted changes
    #[arg(long, short)]
    pub message: Option<String>,
    /// Fetch even if the repository is unrelated to the session, and overwrite branch sandbar/NAME even if it has other commits
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    #[command(flatten)]
    pub fetch: FetchArgs,
    /// Where to push; by default the only remote, or origin
    #[arg(long)]
    pub remote: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct PrArgs {
    #[command(flatten)]
    pub push: PushArgs,
    /// Arguments for `gh pr create`, after `--`; by default --fill
    #[arg(last = true)]
    pub gh: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ShellArgs {
    /// Name of the session, as `sandbar ls` prints it
    pub name: String,
    /// Wait for a key after a failure, so that it can be read before the screen is taken again
    #[arg(long, hide = true)]
    pub hold: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct RulesArgs {
    #[command(subcommand)]
    pub command: Option<RulesCommand>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Allow what matches a pattern
    Allow(NewRuleArgs),
    /// Deny what matches a pattern; deny rules take precedence over allow rules
    Deny(NewRuleArgs),
    /// Remove rules
    Remove {
        /// Their numbers, as `sandbar rules` prints them
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<usize>,
    },
}

#[derive(Debug, Args)]
pub(super) struct NewRuleArgs {
    /// A command, path or address; * is any text, ? one character
    pub pattern: String,
    /// The kind of permission: bash, edit, read, webfetch, …
    #[arg(long, value_name = "KIND", default_value = "bash")]
    pub permission: String,
    /// For the sessions of all projects, not only of this one
    #[arg(long, conflicts_with = "project")]
    pub everywhere: bool,
    /// For the sessions of another project: its directory, or the URL that it was cloned from
    #[arg(long)]
    pub project: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// As tables in Markdown, for the README
    #[arg(long, hide = true)]
    pub markdown: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum LocalCommand {
    /// Serve in the foreground and print the variables that point the official SDKs here
    Serve(ServeArgs),
    /// Show whether the background server runs, and where
    Status(JsonArgs),
    /// Stop the background server; its sandboxes are paused with their files
    Stop,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Port to listen on, on the loopback interface; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Run as the background server that the terminal finds again
    #[arg(long, hide = true)]
    pub daemon: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum InternalCommand {
    /// The first process of a local sandbox
    Init,
    /// Part of a local sandbox, before it leaves behind what it has from the server
    Detach {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        argv: Vec<OsString>,
    },
    /// A process of a local sandbox, before it gets its terminal
    Terminal {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        argv: Vec<OsString>,
    },
    /// The scripted demo model
    Demo {
        /// Port on the loopback interface
        #[arg(long)]
        port: u16,
    },
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use clap::CommandFactory;

    use super::*;

    /// The help of a command and of its subcommands.
    fn all_help(command: &mut clap::Command, text: &mut String) {
        let help = command.render_help();
        writeln!(text, "\n\n{help}").unwrap();
        for below in command.get_subcommands_mut() {
            all_help(below, text);
        }
    }

    #[test]
    fn the_help_reads_well_at_80_columns() {
        let mut command = Cli::command().term_width(80);
        command.build();
        let mut text = String::new();

        all_help(&mut command, &mut text);

        assert!(text.lines().all(|line| line.chars().count() <= 80));
        insta::assert_snapshot!(text.trim());
    }

    fn run(arguments: &str) -> GlobalOptions {
        let cli = Cli::try_parse_from(arguments.split(' ')).unwrap();
        match cli.command {
            Some(CliCommand::Run(args)) => args.options.over(&cli.options),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_are_taken_before_and_behind_the_command() {
        let before = run("sandbar --engine local --demo --repo A --model a/b run hi");
        let behind = run("sandbar run hi --engine local --demo --repo A --model a/b");

        for options in [before, behind] {
            assert_eq!(options.engine, Some(EngineArg::Local));
            assert_eq!(options.repo.as_deref(), Some("A"));
            assert_eq!(options.model.as_deref(), Some("a/b"));
            assert!(options.demo && !options.empty);
        }
    }

    #[test]
    fn a_continued_session_has_its_sandbox_its_code_and_its_name_already() {
        for other in [
            "--name b",
            "--rm",
            "--repo A",
            "--empty",
            "--template t",
            "--demo",
        ] {
            let line = format!("sandbar run --session a hi {other}");
            let error = Cli::try_parse_from(line.split(' ')).unwrap_err();

            assert_eq!(
                error.kind(),
                clap::error::ErrorKind::ArgumentConflict,
                "{other}"
            );
        }
        let line = "sandbar --engine local run --session a --model a/b --auto --json hi";
        assert!(Cli::try_parse_from(line.split(' ')).is_ok());
    }

    #[test]
    fn a_name_is_one_line_of_what_can_be_seen_and_typed() {
        for name in [
            "",
            " ",
            "-x",
            " x",
            "a\nb",
            "a\tb",
            "a\u{1b}[31m",
            "a\u{200b}",
            "x\u{202e}",
        ] {
            assert!(session_name(name).is_err(), "{name:?}");
        }
        assert!(session_name(&"x".repeat(101)).is_err());
        for name in ["x", "fix-login", "für alle", "日本"] {
            assert_eq!(session_name(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn the_nearer_choice_of_code_replaces_the_other() {
        let options = run("sandbar --repo A run hi --empty");

        assert!(options.empty && options.repo.is_none());
    }
}
