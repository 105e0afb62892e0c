//! The boot stage that brings the user's code into the sandbox: a copied work tree, a clone, a snapshot's code, or
//! an empty work tree.

use std::path::Path;
use std::time::Duration;

use super::cx::{BootCx, settle};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::sandbox::{Phase, Stage};
use crate::domain::session::CodeSource;
use crate::session::code;
use crate::session::code::CodeSize;
use crate::session::context::clone_access::{explain, for_git};
use crate::session::recorder::record::SessionRecord;
use crate::session::sandbox::script::SHORT;
use crate::session::sandbox::{SandboxScript, SessionSandbox};
use crate::session::snapshot::revive;

/// Unpacking or cloning code.
const LONG: Duration = Duration::from_mins(10);
/// More code than this is sent only if the user confirms it.
const CODE_LIMIT: u64 = 100 * 1024 * 1024;

/// Brings the user's code into the sandbox, or makes an empty work tree.
pub(in crate::session) async fn bring_code(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    place: &mut SessionRecord,
) -> Result<(), Phase> {
    let home = sandbox.home().await?;
    let kept = revive::code(cx, sandbox, place, &home).await?;
    let key = cx.spec.key.as_str();
    let directory = match place.new.code.clone() {
        _ if kept.is_some() => kept.unwrap_or_default(),
        CodeSource::Empty => {
            let what = "the work tree could not be created; is git installed in the sandbox?";
            let said = sandbox.script(what, code::EMPTY, &[key], SHORT).await?;
            code::brought(&said).0
        }
        CodeSource::Clone(url) => clone(cx, sandbox, &url).await?,
        CodeSource::WorkTree(root) => send_work_tree(cx, sandbox, &root, &home).await?,
    };
    place.sandbox.directory = Some(directory);
    settle(cx, place).await;
    Ok(())
}

/// Clones a repository in the sandbox and returns its directory.
async fn clone(cx: &BootCx, sandbox: &SessionSandbox, url: &str) -> Result<String, Failure> {
    let for_git = for_git(&cx.context.clone_access, url);
    let url = for_git.url.as_str();
    let name = url.trim_end_matches('/').rsplit(['/', ':']).next();
    let name = name.unwrap_or_default().trim_end_matches(".git");
    let name = code::directory_name(name.as_ref());
    cx.output(Stage::Code, format!("cloning {url}")).await;
    let script = SandboxScript {
        what: "the repository could not be cloned",
        text: code::CLONE,
        arguments: &[&*name, cx.spec.key.as_str(), url, for_git.word],
        input: for_git.input,
    };
    let said = sandbox.said(script, LONG).await.map_err(explain)?;
    let (directory, notes) = code::brought(&said);
    for note in notes {
        cx.output(Stage::Code, note).await;
    }
    Ok(directory)
}

/// Sends the work tree at `root` into the sandbox and returns its directory there.
async fn send_work_tree(
    cx: &BootCx,
    sandbox: &SessionSandbox,
    root: &Path,
    home: &str,
) -> Result<String, Phase> {
    let size = code::estimate(root).await;
    if size.bytes > CODE_LIMIT && !cx.large_code {
        return Err(Phase::Failed(large(&size)));
    }
    let scratch = cx.context.scratch()?;
    let packed = code::pack(root, scratch.path()).await?;
    let size = packed.bytes.len();
    let line = format!("sending {} ({})", packed.name, megabytes(size));
    cx.output(Stage::Code, line).await;
    for note in packed.notes {
        cx.output(Stage::Code, note).await;
    }
    let bundle = format!("{home}/.sandbar/code.bundle");
    sandbox.write(&bundle, packed.bytes).await?;
    let what = "the code could not be unpacked in the sandbox";
    let arguments = [&*packed.name, cx.spec.key.as_str(), &bundle, &packed.head];
    let said = sandbox.script(what, code::UNPACK, &arguments, LONG).await?;
    Ok(code::brought(&said).0)
}

fn large(size: &CodeSize) -> Failure {
    let mut why = "all of it would be copied into the sandbox".to_owned();
    if let Some((file, bytes)) = &size.largest {
        let (file, megabytes) = (file.display(), bytes / 1_000_000);
        why = format!("{why}; the largest uncommitted file is {file} ({megabytes} MB)");
    }
    let megabytes = size.bytes / 1_000_000;
    Failure::new(format!("the code here is large ({megabytes} MB)"))
        .detail(why)
        .advise([Advice::SendAnyway, Advice::StartEmpty])
        .retryable()
}

fn megabytes(bytes: usize) -> String {
    match bytes {
        0..100_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
