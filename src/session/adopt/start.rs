//! Starts OpenCode in an adopted sandbox where it is not running, by the stages of a boot.
//!
//! What exists decides: the work tree that a session left, and OpenCode's own data, whose newest conversation is
//! used. If another program has the port, nothing is started: it is unknown, and would receive our requests.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc;

use super::found::{DiscoveredServer, PASSWORD, cannot, ends_at};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{SandboxId, SessionKey};
use crate::domain::sandbox::{Phase, SandboxInfo};
use crate::domain::session::{CodeSource, CredentialRef, NewSession, SessionOrigin, SessionSpec};
use crate::session::boot::cx::BootCx;
use crate::session::boot::install::find_or_install;
use crate::session::boot::server;
use crate::session::boot::server::PASSWORD_FILE;
use crate::session::chat::translate::parts::conversation;
use crate::session::context::SessionContext;
use crate::session::events::EventSender;
use crate::session::failures;
use crate::session::recorder::Recorder;
use crate::session::recorder::record::SessionRecord;
use crate::session::sandbox::SessionSandbox;
use crate::session::sandbox::script::SHORT;
use crate::session::server::OpencodeServer;

const FIND_WORK: &str = include_str!("../../../assets/sandbox/find-work.sh");
/// Whether somebody listens at port 4096, which is 1000 in these tables.
const LISTENS: &str =
    "cat \"$@\" 2>/dev/null | grep -qiE ':1000 [0-9a-f]+:0000 0A ' && echo yes || :";
const SOCKETS: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// Whether there is a key for a model other than the demo model.
const HAS_KEY: &str = "env | grep -qE '^[A-Z_]+_API_KEY=.' && echo yes || :";
/// The file is private before it has content.
const MAKE_FILE: &str =
    "umask 077; mkdir -p \"$HOME/${1%/*}\" && : > \"$HOME/$1\" && chmod 600 \"$HOME/$1\"";

/// Starts the server and returns what the session needs; `demo`: the demo model runs there.
pub(super) async fn start(
    context: &Arc<SessionContext>,
    sandbox: &SessionSandbox,
    demo: bool,
) -> Result<DiscoveredServer, Failure> {
    let id = SandboxId::from(sandbox.id());
    let kill = [Advice::KillSandbox(id.to_string())];
    let what = format!("no script can be run in sandbox {id}");
    let ask =
        async |script, arguments: &[&str]| sandbox.script(&what, script, arguments, SHORT).await;
    let directory = ask(FIND_WORK, &[]).await?;
    if directory.is_empty() {
        let why = "OpenCode is not running in it, and it has no session's work tree";
        return Err(cannot(&id, why, kill));
    }
    if sandbox.engine.own_network && !ask(LISTENS, &SOCKETS).await?.is_empty() {
        let why = "its OpenCode is not running, and another program listens on its port";
        return Err(cannot(&id, why, kill));
    }
    let password = password(sandbox, &what, ask(PASSWORD, &[]).await?).await?;
    let demo = demo || sandbox.engine.demo_program.is_some() && ask(HAS_KEY, &[]).await?.is_empty();
    let (server, place) =
        boot(context, sandbox, &password, place(sandbox, directory, demo)).await?;
    let newest = server.client.session(server.conversation.as_str()).await;
    let newest = newest.map_err(|error| failures::opencode(&error))?;
    Ok(DiscoveredServer {
        password,
        port: place.port.unwrap_or_default(),
        url: place.sandbox.opencode_url.unwrap_or_default(),
        conversation: conversation(newest),
        demo,
        ends_at: ends_at(sandbox).await,
        directory: server.directory,
    })
}

/// The password that the sandbox was created with, or a new one in a private file in it.
async fn password(
    sandbox: &SessionSandbox,
    what: &str,
    own: String,
) -> Result<SecretString, Failure> {
    if !own.is_empty() {
        return Ok(own.into());
    }
    let password = server::password()?;
    let file = [PASSWORD_FILE];
    sandbox.script(what, MAKE_FILE, &file, SHORT).await?;
    let content = password.expose_secret().to_owned();
    sandbox.write(PASSWORD_FILE, content).await?;
    let close = "chmod 600 \"$HOME/$1\"";
    sandbox.script(what, close, &file, SHORT).await?;
    Ok(password)
}

fn place(sandbox: &SessionSandbox, directory: String, demo: bool) -> SessionRecord {
    let new = NewSession {
        name: String::new(),
        template: "".into(),
        code: CodeSource::Empty,
        model: None,
        demo,
    };
    let place = SessionRecord::planned(new, sandbox.engine.kind);
    let sandbox = SandboxInfo {
        id: Some(sandbox.id().into()),
        isolation: sandbox.engine.isolation.map(str::to_owned),
        directory: Some(directory),
        ..place.sandbox
    };
    SessionRecord { sandbox, ..place }
}

/// Installs OpenCode if it is missing, starts it and waits until it is healthy. Nothing of this is stored, and its
/// progress is not shown.
async fn boot(
    context: &Arc<SessionContext>,
    sandbox: &SessionSandbox,
    password: &SecretString,
    mut place: SessionRecord,
) -> Result<(OpencodeServer, SessionRecord), Failure> {
    let (sender, mut unheard) = mpsc::channel(64);
    let key = SessionKey::from(sandbox.id());
    let origin = SessionOrigin::Attach {
        url: String::new(),
        session: None,
        credential: CredentialRef::None,
    };
    let spec = SessionSpec {
        key: key.clone(),
        origin,
    };
    let cx = BootCx {
        context: Arc::clone(context),
        events: EventSender::new(key, sender),
        recorder: Recorder::open(context, &spec),
        spec,
        large_code: false,
        template: None,
        joins: true,
        resumes: true,
    };
    cx.recorder.save_password(password)?;
    let boot = async {
        let opencode = Box::pin(find_or_install(&cx, sandbox, &mut place)).await?;
        let server = Box::pin(server::run(&cx, sandbox.clone(), place, &opencode)).await?;
        let place = cx.recorder.stored_record().await;
        let place = place.ok_or_else(|| Failure::new("the session's record was lost"))?;
        Ok((server, place))
    };
    let drain = async {
        while unheard.recv().await.is_some() {}
        // The boot holds the other end of it until it is over.
        std::future::pending().await
    };
    let booted = tokio::select! {
        booted = boot => booted,
        booted = drain => booted,
    };
    booted.map_err(|phase| match phase {
        Phase::Failed(failure) | Phase::Gone(failure) => failure,
        _ => Failure::new("OpenCode could not be started"),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn is_taken(sockets: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tcp");
        std::fs::write(&file, sockets).unwrap();
        let mut script = Command::new("sh");
        script.args(["-c", LISTENS, "sandbar"]).arg(file);
        let output = script.arg(folder.path().join("tcp6")).output();
        output.unwrap().stdout == b"yes\n"
    }

    #[test]
    fn only_a_listener_on_the_port_counts_as_one() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";
        let socket = |line| is_taken(&format!("{head}{line} 00000000:00000000 00:00000000\n"));

        assert!(socket("   0: 0100007F:1000 00000000:0000 0A"));
        assert!(socket(
            "   1: 00000000000000000000000000000000:1000 00000000000000000000000000000000:0000 0A"
        ));
        assert!(!socket("   0: 0100007F:1001 00000000:0000 0A"));
        assert!(!socket("   0: 0100007F:9C40 0100007F:1000 01"));
        assert!(!socket("   0: 0100007F:1000 0100007F:9C40 01"));
    }
}
