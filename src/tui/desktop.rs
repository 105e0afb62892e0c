//! The user's desktop, reached through the terminal: window title, external editor, and a shell in a sandbox.
//! The clipboard has a room of its own.
//!
//! Enters: texts, which may be anybody's. Leaves: escape sequences in which they can do no harm, or the
//! text that the editor left. Reads no environment: what it needs is in [`Desktop`].

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::clipboard::Clipboard;
use crate::app::event::Reply;
use crate::text::hidden::is_obeyed;

/// What is known of the desktop.
#[derive(Debug, Clone, Default)]
pub struct Desktop {
    /// VISUAL or EDITOR, a command line for the shell.
    pub editor: Option<String>,
    /// Where the draft lies while it is edited.
    pub temp_dir: PathBuf,
    /// This program, which opens shells in sandboxes.
    pub program: PathBuf,
    pub clipboard: Clipboard,
}

impl Desktop {
    /// Opens a shell in the sandbox of the session of this name, by a process of its own: it reads the
    /// keys to its end. The terminal must have been given back.
    pub(super) async fn shell(self, name: String) -> Option<Reply> {
        let status = tokio::process::Command::new(&self.program)
            .args(["shell", "--hold", "--", &name])
            .status()
            .await;
        // How the shell ended was seen by whoever used it.
        let error = status.err()?;
        Some(Reply::Notice(format!(
            "the shell could not be started: {error}"
        )))
    }

    /// Opens `draft` in the editor and returns what it left. The terminal must have been given back.
    pub(super) async fn edit(self, draft: String) -> Result<String, String> {
        let Some(editor) = self.editor else {
            return Err("no editor: set VISUAL or EDITOR".into());
        };
        let path = write_draft(&self.temp_dir, &draft)
            .map_err(|error| format!("the draft could not be written for the editor: {error}"))?;
        let result = run_editor(&editor, &path).await;
        // Removed also when the editor failed; it may hold what nobody else should read.
        let _ = std::fs::remove_file(&path);
        result
    }
}

/// Returns the sequence that sets the window's title.
pub(super) fn title(text: &str) -> Vec<u8> {
    let clean: String = text.chars().filter(|c| !is_obeyed(*c)).take(80).collect();
    format!("\x1b]2;{clean}\x07").into_bytes()
}

fn write_draft(dir: &Path, draft: &str) -> std::io::Result<PathBuf> {
    // Made with mode 0600 and a name that nobody can foresee.
    let mut file = tempfile::Builder::new()
        .prefix("sandbar-")
        .suffix(".md")
        .tempfile_in(dir)?;
    file.write_all(draft.as_bytes())?;
    let (_, path) = file.keep()?;
    Ok(path)
}

async fn run_editor(editor: &str, path: &Path) -> Result<String, String> {
    // Through the shell, as git does it: the variable may hold arguments and quotes.
    let status = tokio::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(path)
        .status()
        .await
        .map_err(|error| format!("the editor could not be started: {error}"))?;
    if !status.success() {
        return Err(format!(
            "the editor ended with {status}; the draft is unchanged"
        ));
    }
    let bytes = std::fs::read(path)
        .map_err(|error| format!("the edited draft could not be read: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desktop(editor: &str, dir: &Path) -> Desktop {
        Desktop {
            editor: Some(editor.into()),
            temp_dir: dir.into(),
            program: PathBuf::new(),
            clipboard: Clipboard::default(),
        }
    }

    #[tokio::test]
    async fn the_editor_gets_the_draft_and_its_text_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let editor = "sed -i -e 's/draft/text/' -e '$a more'";
        let edited = desktop(editor, dir.path()).edit("a draft".into()).await;

        assert_eq!(edited, Ok("a text\nmore".into()));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let edited = desktop("sh -c 'exit 3'", dir.path())
            .edit("draft".into())
            .await;

        let error = "the editor ended with exit status: 3; the draft is unchanged";
        assert_eq!(edited, Err(error.into()));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_title_cannot_end_its_sequence() {
        assert_eq!(title("a\x07b\x1b\\c\u{9c}d\u{202e}"), b"\x1b]2;ab\\cd\x07");
    }
}
