//! Edits the draft in the user's editor.
//!
//! Input: the draft. Output: the text that the editor saved, and no file, unless the editor keeps a
//! recovery file: then the user learns where it is. When sandbar has to end, it ends the editor
//! with all its child processes; what the editor has saved until then is the draft. Reads no
//! environment.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Desktop, Returned, pid};
use crate::app::event::Reply;

/// How long an editor that is asked to end may take.
const ENDS: Duration = Duration::from_secs(2);
/// How long the kernel may take to end it then.
const KILLED: Duration = Duration::from_secs(2);
const DRAFT: &str = "draft.md";

/// When the editor is ended before its user does.
struct EndOfEditor {
    end: CancellationToken,
    /// How long it may take once it is asked to.
    ends: Duration,
}

impl Desktop {
    /// Opens `draft` in the editor and returns the saved text. The terminal must have been
    /// released. Once `end` is cancelled, it takes a few seconds at most.
    pub(in crate::tui) async fn edit(self, draft: String, end: CancellationToken) -> Returned {
        self.edit_until(draft, &EndOfEditor { end, ends: ENDS })
            .await
    }

    async fn edit_until(self, draft: String, end: &EndOfEditor) -> Returned {
        let mut left_behind = None;
        let edited = self.edited(draft, end, &mut left_behind).await;
        Returned {
            reply: Some(Reply::Edited(edited)),
            left_behind,
        }
    }

    async fn edited(
        self,
        draft: String,
        EndOfEditor { end, ends }: &EndOfEditor,
        left_behind: &mut Option<String>,
    ) -> Result<String, String> {
        let Some(editor) = self.editor else {
            return Err("no editor: set VISUAL or EDITOR".into());
        };
        let written = write_draft(&self.temp_dir, &draft);
        let (folder, path) = written
            .map_err(|error| format!("the draft could not be written for the editor: {error}"))?;
        let not_started = |error| format!("the editor could not be started: {error}");
        let mut child = start(&editor, &path).map_err(not_started)?;
        let status = tokio::select! {
            status = child.wait() => status,
            () = end.cancelled() => {
                let has_ended = end_editor(&mut child, *ends).await;
                // Many editors empty a file before they write it, and may have been killed in between.
                let text = match read(&path) {
                    Ok(text) if text.is_empty() => Ok(draft),
                    text => text,
                };
                if !has_ended {
                    let kept = folder.keep();
                    *left_behind = Some(format!(
                        "the editor could not be stopped; its file is {}",
                        kept.display()
                    ));
                } else if holds_more(folder.path()) {
                    let kept = folder.keep();
                    *left_behind = Some(format!(
                        "the editor left files to recover unsaved text in {}",
                        kept.display()
                    ));
                }
                return text;
            }
        };
        let status = status.map_err(not_started)?;
        // The folder is removed even if the editor failed; the draft may be confidential.
        if !status.success() {
            return Err(format!(
                "the editor ended with {status}; the draft is unchanged"
            ));
        }
        read(&path)
    }
}

/// A folder for this draft alone, since editors write other files next to theirs; with mode 0700
/// and an unpredictable name.
fn write_draft(dir: &Path, draft: &str) -> io::Result<(TempDir, PathBuf)> {
    let folder = tempfile::Builder::new()
        .prefix("sandbar-")
        .tempdir_in(dir)?;
    let path = folder.path().join(DRAFT);
    std::fs::write(&path, draft)?;
    Ok((folder, path))
}

fn start(editor: &str, path: &Path) -> io::Result<Child> {
    // Through the shell, as in git: the variable may contain arguments and quotes. With a command
    // after the editor, the shell stays and does not exec the editor.
    tokio::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\"\nexit $?"))
        .arg("sh")
        .arg(path)
        .spawn()
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path)
        .map_err(|error| format!("the edited draft could not be read: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

/// Whether the draft's folder contains more than the draft.
fn holds_more(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name())
        .any(|name| name != DRAFT)
}

/// Ends the editor, which has our process group and with it the terminal: that cannot be signalled as a whole.
async fn end_editor(shell: &mut Child, ends: Duration) -> bool {
    for (signal, ends) in [(Signal::TERM, ends), (Signal::KILL, KILLED)] {
        let Some(root) = pid(shell.id()) else {
            return true;
        };
        let mut editors = below(root);
        // The shell waits for the editor; if it ended first, the editor would be orphaned.
        if editors.is_empty() || signal == Signal::KILL {
            editors.push(root);
        }
        for pid in editors {
            // A process that has already ended needs no signal.
            let _ = kill_process(pid, signal);
        }
        let ended: Result<io::Result<ExitStatus>, _> = timeout(ends, shell.wait()).await;
        if ended.is_ok() {
            return true;
        }
    }
    false
}

/// The descendants of `root`; none if the system has no `/proc`.
fn below(root: Pid) -> Vec<Pid> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.parse().ok());
        let Some(process) = process.and_then(Pid::from_raw) else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = parent(&stat) {
            children.entry(parent).or_default().push(process);
        }
    }
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(process) = open.pop() {
        // Removed, because ids that are reused during the scan could form a cycle.
        let next = children.remove(&process).unwrap_or_default();
        open.extend(&next);
        found.extend(next);
    }
    found
}

/// The parent in a line of `/proc/PID/stat` (proc(5)): the second field after the name, which is in
/// parentheses and may contain anything.
fn parent(stat: &str) -> Option<Pid> {
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::desktop::clipboard::Clipboard;

    fn desktop(editor: &str, dir: &Path) -> Desktop {
        Desktop {
            editor: Some(editor.into()),
            temp_dir: dir.into(),
            program: PathBuf::new(),
            clipboard: Clipboard::default(),
            ..Desktop::default()
        }
    }

    async fn edit(editor: &str, dir: &Path) -> Returned {
        let never = CancellationToken::new();
        desktop(editor, dir).edit("a draft".into(), never).await
    }

    /// The result of an editor that runs this script and is ended once it has created `ready` in
    /// its folder.
    async fn ended(script: &str, dir: &Path) -> Returned {
        ended_within(ENDS, script, dir).await
    }

    async fn ended_within(ends: Duration, script: &str, dir: &Path) -> Returned {
        let end = CancellationToken::new();
        let ready = dir.join("ready");
        let made = std::process::Command::new("mkfifo").arg(&ready).status();
        assert!(made.unwrap().success());
        let file = dir.join("editor.sh");
        std::fs::write(&file, format!("{script}\n")).unwrap();
        let editor = format!("sh {} {}", file.display(), ready.display());
        let began = end.clone();
        let end = EndOfEditor { end, ends };
        let edit = desktop(&editor, dir).edit_until("a draft".into(), &end);
        let begins = async move {
            // Read to its end: the writer is ready then.
            tokio::fs::read(ready).await.unwrap();
            began.cancel();
        };
        tokio::join!(edit, begins).0
    }

    /// The remaining folders for drafts.
    fn folders(dir: &Path) -> usize {
        let entries = std::fs::read_dir(dir).unwrap().flatten();
        entries.filter(|entry| entry.path().is_dir()).count()
    }

    fn text(returned: &Returned) -> &str {
        match &returned.reply {
            Some(Reply::Edited(Ok(text))) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn the_editor_gets_the_draft_and_its_text_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let edited = edit("sed -i -e 's/draft/text/' -e '$a more'", dir.path()).await;

        assert_eq!(text(&edited), "a text\nmore");
        assert_eq!(edited.left_behind, None);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let edited = edit("sh -c 'exit 3'", dir.path()).await;

        let error = "the editor ended with exit status: 3; the draft is unchanged";
        assert_eq!(edited.reply, Some(Reply::Edited(Err(error.into()))));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// Another process that runs as long as the editor, and ends with the test: it would keep the test's output open.
    const PROGRAM: &str = "(while kill -0 $PPID; do sleep 1; done)";

    #[tokio::test]
    async fn the_text_of_an_editor_that_has_to_end_is_kept_and_its_file_removed() {
        let dir = tempfile::tempdir().unwrap();
        // Like an editor that has started another program.
        let script = format!("echo written > \"$2\"; : > \"$1\"; {PROGRAM}; exit 1");

        let edited = ended(&script, dir.path()).await;

        assert_eq!(text(&edited), "written");
        assert_eq!(edited.left_behind, None);
        assert_eq!(folders(dir.path()), 0);
    }

    #[tokio::test]
    async fn the_draft_is_kept_if_the_editor_is_ended_between_emptying_and_writing_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let script = ": > \"$2\"; : > \"$1\"; exec sleep 4321";

        let edited = ended(script, dir.path()).await;

        assert_eq!(text(&edited), "a draft");
        assert_eq!(folders(dir.path()), 0);
    }

    #[tokio::test]
    async fn an_editor_that_does_not_want_to_end_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let script =
            format!("trap '' TERM; echo written > \"$2\"; : > \"$1\"; {PROGRAM}; exec sleep 4321");

        let edited = ended_within(Duration::from_millis(50), &script, dir.path()).await;

        assert_eq!(text(&edited), "written");
        assert_eq!(folders(dir.path()), 0);
    }

    #[tokio::test]
    async fn an_editors_recovery_file_stays_and_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap 'echo unsaved > \"$2.save\"; kill $!; exit 1' TERM; : > \"$1\"; sleep 4321 & wait";

        let edited = ended(script, dir.path()).await;

        assert_eq!(text(&edited), "a draft");
        assert_eq!(folders(dir.path()), 1);
        let said = edited.left_behind.unwrap();
        let folder = said.rsplit_once(" in ").unwrap().1;
        let saved = std::fs::read_to_string(Path::new(folder).join("draft.md.save")).unwrap();
        assert_eq!(saved, "unsaved\n");
    }

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent("7 (a) S 1) S 3 7 7 0"), Pid::from_raw(3));
        assert_eq!(parent(""), None);
    }
}
