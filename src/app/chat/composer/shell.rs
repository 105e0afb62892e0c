//! The mark `!` of a line for the shell. It is no character of the text: the composer is in that mode or not.

use super::Composer;
use super::draft::marked;

impl Composer {
    /// The whole text with the mark of a shell line.
    pub(in crate::app::chat) fn marked_text(&self) -> String {
        marked(self.shell, self.text())
    }

    /// Whether the text is a line for the shell.
    pub(in crate::app::chat) fn is_shell(&self) -> bool {
        self.shell
    }

    /// The mark `!` was typed, if this is the start of the text.
    pub(in crate::app::chat) fn enter_shell(&mut self) -> bool {
        let enters = self.is_empty();
        if enters {
            self.shell = true;
            self.edited();
        }
        enters
    }

    /// The mark is deleted, if the cursor stands right behind it.
    pub(in crate::app::chat) fn leave_shell(&mut self) -> bool {
        let leaves = self.shell && self.cursor() == (0, 0);
        if leaves {
            self.shell = false;
            self.edited();
        }
        leaves
    }

    /// Puts a prompt back that was not sent. Beside other text a shell line keeps its mark as text.
    pub(in crate::app::chat) fn put_back(&mut self, text: &str, is_shell: bool) {
        match text
            .strip_prefix('!')
            .filter(|_| is_shell && self.is_empty())
        {
            Some(line) => {
                self.enter_shell();
                self.set(line);
            }
            None => self.prepend(text),
        }
    }

    /// Leaves the shell if there is nothing in its line.
    pub(in crate::app::chat) fn leave_empty_shell(&mut self) -> bool {
        self.area.is_empty() && self.leave_shell()
    }
}
