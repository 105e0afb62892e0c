//! Client errors as the user reads them: what failed, why, what to do next.
//!
//! The only place where a protocol error becomes a [`Failure`]; each kind has its own text.

use std::time::Duration;

use super::context::settings::Settings;
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::time::in_minutes;
use crate::e2b::error::{Error, ErrorKind};
use crate::engine::EngineError;
use crate::net::http::HttpSetupError;
use crate::opencode::error::OpencodeError;

fn set_key(words: &str) -> Advice {
    Advice::SetKey(words.to_owned())
}

/// An error of OpenCode's server, or of the connection to it.
pub(crate) fn opencode(error: &OpencodeError) -> Failure {
    let failure = match error {
        OpencodeError::Transport { connect: true, .. } => {
            Failure::new("the OpenCode server cannot be reached").advise([
                "check the address, and that the server runs".into(),
                Advice::TryAgain,
            ])
        }
        OpencodeError::Transport { .. } => Failure::new("the connection to OpenCode was lost")
            .advise([Advice::TryAgain, "nothing that you typed is lost".into()]),
        OpencodeError::Timeout { .. } => Failure::new("OpenCode did not answer in time")
            .advise([Advice::TryAgain, Advice::ReadLogs]),
        OpencodeError::Unauthorized { .. } => Failure::new("OpenCode does not accept the password")
            .advise([set_key(
                "set OPENCODE_SERVER_PASSWORD, or name another variable with --password-env",
            )]),
        OpencodeError::PortClosed { .. } => {
            Failure::new("nothing listens on OpenCode's port in the sandbox")
                .advise([Advice::StartServer])
        }
        OpencodeError::SandboxNotFound { .. } => Failure::new("the sandbox no longer exists")
            .advise([Advice::ReadConversation, Advice::NewSession]),
        OpencodeError::NotOpencode { .. } => Failure::new("this is not an OpenCode server")
            .hint("check the URL: a web page or another program answers there"),
        OpencodeError::Status { .. } => {
            Failure::new("OpenCode refused the request").advise([Advice::ReadLogs])
        }
        OpencodeError::Unreadable { .. } => Failure::new("OpenCode's answer cannot be read")
            .hint("its version may be too new or too old: sandbar supports OpenCode 1.18 and later, below 2"),
        OpencodeError::TooLarge { .. } => {
            Failure::new("OpenCode's answer is too large").advise([Advice::NewSession])
        }
        OpencodeError::Request { .. } => {
            Failure::new("the address of the OpenCode server is wrong")
                .hint("give a URL like http://host:4096")
        }
    };
    let failure = failure.detail(error.to_string());
    if error.is_retryable() {
        failure.passing(error.retry_after().unwrap_or_default())
    } else {
        failure
    }
}

/// A login in the browser that did not succeed.
pub(crate) fn login(error: &OpencodeError) -> Failure {
    let name = match error {
        OpencodeError::Status { name, .. } => name.as_str(),
        _ => "",
    };
    match (name, error) {
        ("ProviderAuthOauthCallbackFailed", _) => {
            Failure::new("the provider did not accept the login")
                .hint("a code works only once and only for a short time: begin again")
        }
        ("ProviderAuthOauthMissing", _) => Failure::new("the server no longer knows this login")
            .hint("it may have restarted: begin again"),
        (_, OpencodeError::Timeout { .. }) => {
            Failure::new("nobody logged in in time").hint("begin again, and open the new address")
        }
        _ => opencode(error),
    }
}

/// The text of a failure while it is retried.
pub(crate) fn in_passing(failure: &Failure) -> String {
    format!("{} ({})", failure.summary, failure.detail)
}

/// The text while a known server answers as something else.
pub(crate) fn not_itself(error: &OpencodeError) -> String {
    let hint = "does the network require a login?";
    match error {
        OpencodeError::NotOpencode { found, .. } => {
            format!("something else answers in the server's place ({found}); {hint}")
        }
        _ => format!("the server's answers arrive damaged; {hint}"),
    }
}

/// The server requires a password and the variable for it is not set.
pub(crate) fn password_missing(variable: &str) -> Failure {
    Failure::new("the OpenCode server requires a password")
        .detail(format!("{variable} is not set"))
        .advise([
            Advice::EnterPassword,
            set_key(&format!(
                "to skip this question, set {variable}, or use --password-env"
            )),
        ])
}

/// Somebody else's server requires another user or password.
pub(crate) fn password_refused(user: &str) -> Failure {
    Failure::new(format!(
        "OpenCode does not accept the password of user {user}"
    ))
    .detail("the user or the password is wrong")
    .advise([
        Advice::EnterPassword,
        set_key("for another user, set OPENCODE_SERVER_USERNAME or put the user into the URL"),
    ])
}

/// Somebody else's server, to which there was a connection, requires another password now.
pub(crate) fn password_changed() -> Failure {
    Failure::new("OpenCode no longer accepts the password")
        .detail("the server restarted with a different password")
        .advise([Advice::EnterPassword])
}

/// An error of E2B's API, of a sandbox's envd, or of the connection to them.
pub(crate) fn e2b(error: &Error) -> Failure {
    let failure = match &error.kind {
        ErrorKind::Unauthorized { .. } => Failure::new("the sandbox API does not accept the key")
            .advise([set_key(
                "check E2B_API_KEY, or use --engine local, which needs none",
            )]),
        ErrorKind::Forbidden { .. } => Failure::new("the sandbox API refused the request")
            .hint("check what your account allows"),
        ErrorKind::NotFound { .. } => {
            Failure::new("the sandbox API did not find what was requested")
                .hint("check the template's name")
        }
        ErrorKind::Conflict { .. } => {
            Failure::new("the sandbox is busy with another change").advise([Advice::TryAgainSoon])
        }
        ErrorKind::RateLimited { .. } => Failure::new("too many requests, or too many sandboxes")
            .advise([
                "kill a sandbox that you no longer need".into(),
                Advice::TryAgainSoon,
            ]),
        ErrorKind::SandboxGone { .. } => Failure::new("the sandbox no longer exists")
            .advise([Advice::ReadConversation, Advice::NewSession]),
        ErrorKind::PortNotOpen { .. } => {
            Failure::new("nothing listens on the sandbox's port").advise([Advice::TryAgain])
        }
        ErrorKind::Html { .. } => Failure::new("a web page answered instead of the sandbox API")
            .hint(
                "check E2B_API_URL and E2B_DOMAIN, and that no login page intercepts the request",
            ),
        ErrorKind::Unreachable { .. } => Failure::new("the sandbox API cannot be reached")
            .hint("check the network and E2B_API_URL; --engine local needs no network"),
        ErrorKind::TimedOut { .. } => {
            Failure::new("the sandbox API did not answer in time").advise([Advice::TryAgain])
        }
        ErrorKind::Broken { .. } => {
            Failure::new("the connection to the sandbox was lost").advise([Advice::TryAgain])
        }
        ErrorKind::Status { .. } | ErrorKind::Rpc { .. } => {
            Failure::new("the sandbox API reports an error").advise([Advice::TryAgain])
        }
        ErrorKind::Unreadable { .. } => Failure::new("the sandbox API's answer cannot be read")
            .hint("check E2B_API_URL: another kind of server may answer there"),
        ErrorKind::TooLarge { .. } => Failure::new(
            "an answer of the sandbox or its API is too large",
        )
        .hint("check E2B_API_URL and E2B_SANDBOX_URL: another kind of server may answer there"),
        ErrorKind::Invalid { .. } => Failure::new("an address or id cannot be used")
            .hint("check E2B_API_URL, E2B_SANDBOX_URL and E2B_DOMAIN"),
    };
    let failure = failure.detail(error.to_string());
    // Another call is changing the same sandbox.
    let is_passing = error.is_retryable() || matches!(error.kind, ErrorKind::Conflict { .. });
    if is_passing {
        failure.passing(error.retry_after().unwrap_or_default())
    } else {
        failure
    }
}

/// The account's plan allows a shorter sandbox lifetime than the settings ask for; `None`: it does not.
pub(crate) fn cut_by_plan(settings: &Settings, longest: Duration) -> Option<String> {
    let wanted = [
        ("idle_ttl", settings.idle_ttl),
        ("work_ttl", settings.work_ttl),
    ];
    let cut = wanted.into_iter().filter(|(_, ttl)| *ttl > longest);
    let cut: Vec<String> = cut
        .map(|(name, ttl)| format!("{name} ({})", whole_minutes(ttl)))
        .collect();
    let longest = whole_minutes(longest);
    (!cut.is_empty()).then(|| {
        let cut = cut.join(" and ");
        format!("the account's plan lets a sandbox run for at most {longest} at a time, which is less than {cut}")
    })
}

fn whole_minutes(duration: Duration) -> String {
    in_minutes(duration.as_secs() / 60)
}

/// An engine could not be found or started.
pub(crate) fn engine(error: &EngineError) -> Failure {
    match error {
        EngineError::NoKey(_) => Failure::new("no E2B account is set up")
            .detail(error.to_string())
            .advise([set_key(
                "set E2B_API_KEY, or use --engine local, which needs none",
            )]),
        EngineError::Http(error) => http(error),
        EngineError::E2b(error) => e2b(error),
        EngineError::Daemon(error) => {
            let source = std::error::Error::source(error);
            let why = source.map_or_else(String::new, |source| format!(": {source}"));
            Failure::new("the server for local sandboxes did not start")
                .detail(format!("{error}{why}"))
                .hint("run `sandbar local serve` to see why")
                .retryable()
        }
        EngineError::Isolation { .. } => {
            Failure::new("isolation is below local.require_isolation")
                .detail(error.to_string())
                .hint("improve it (`sandbar doctor` says how) and run `sandbar local stop`, or lower the setting")
        }
        EngineError::Template(said) => Failure::new("OpenCode could not be installed")
            .detail(said.clone())
            .hint("check that npm works here: npm view opencode-ai version")
            .retryable(),
    }
}

pub(crate) fn http(error: &HttpSetupError) -> Failure {
    Failure::new("the HTTP client could not be set up")
        .detail(error.to_string())
        .hint("check the proxy variables and the certificates of this machine")
}

pub(crate) fn gone(id: &str) -> Failure {
    Failure::new("the sandbox no longer exists")
        .detail(format!(
            "sandbox {id} was killed elsewhere, or its time ran out"
        ))
        .advise([Advice::ReadConversation, Advice::NewSession])
}

pub(crate) fn killed(id: &str) -> Failure {
    Failure::new("the sandbox was killed")
        .detail(format!("you killed this sandbox ({id})"))
        .advise([Advice::ReadConversation, Advice::NewSession])
}

/// A revival was requested, but the sandbox exists.
pub(crate) fn not_gone() -> Failure {
    Failure::new("nothing to revive: the sandbox still exists")
        .hint("only a session whose sandbox is gone can be revived")
}

/// Another template was requested, but the sandbox is in use.
pub(crate) fn has_conversation() -> Failure {
    Failure::new("the template can change only before the first message").hint(
        "to use another template, start a new session with --template NAME or SANDBAR_TEMPLATE",
    )
}

/// A command or a shell line was on its way when the connection broke.
pub(crate) fn may_have_run(text: &str) -> Failure {
    let line = text.lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Failure::new(format!("{shown} may have run already: it is on hold"))
        .detail("the connection broke before the server confirmed it")
}

/// There is nothing to create a new sandbox from.
pub(crate) fn no_snapshot() -> Failure {
    Failure::new("the session cannot be revived")
        .detail("it has no snapshot: no turn has ended while sandbar was connected")
        .advise([Advice::ReadConversation, Advice::NewSession])
}

/// Only the process that drives the session can revive it.
pub(crate) fn open_elsewhere() -> Failure {
    Failure::new("another sandbar has this session open").hint("revive it there, or close it there")
}

/// The log line of a revived session.
pub(crate) fn revived(missing: usize) -> String {
    let missing = match missing {
        0 => String::new(),
        n => format!("; prompts back in the queue: {n}"),
    };
    format!("revived in a new sandbox, from the last snapshot{missing}")
}

/// A command needs a server, but there is none.
pub(crate) fn not_connected(is_paused: bool) -> Failure {
    let failure = if is_paused {
        Failure::new("the sandbox is paused")
            .advise([Advice::Resume, "queued prompts are kept".into()])
    } else {
        Failure::new("not connected to the session's server")
            .advise(["sandbar reconnects by itself".into(), Advice::TryAgain])
    };
    failure.retryable()
}

/// Another process has the session's lock, and has not booted it yet.
pub(crate) fn driven_elsewhere() -> Failure {
    Failure::new("another sandbar is starting this session")
        .detail("only one sandbar at a time can start a session")
        .hint("the session appears here once it runs; what you type is kept")
        .retryable()
}
