//! What the headers of one file say.

use std::borrow::Cow;

/// A file of a diff. Names are as written, and not safe.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileChange {
    /// `None`: the file is new.
    pub old: Option<String>,
    /// `None`: the file is deleted.
    pub new: Option<String>,
    /// The modes before and after, if they differ.
    pub mode: Option<(String, String)>,
    /// The contents are not text, and not shown.
    pub binary: bool,
    /// The new file is a copy of the old one.
    pub copied: bool,
}

impl FileChange {
    /// The name of the file after the change, or before it if it is deleted.
    pub fn path(&self) -> &str {
        self.new
            .as_deref()
            .or(self.old.as_deref())
            .unwrap_or_default()
    }

    /// What happened to the file apart from its lines, in words.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        match (&self.old, &self.new) {
            (None, Some(_)) => words.push("new file".to_owned()),
            (Some(_), None) => words.push("deleted".to_owned()),
            (Some(old), Some(new)) if old != new => {
                let what = if self.copied { "copied" } else { "renamed" };
                words.push(format!("{what} from {old}"));
            }
            _ => {}
        }
        if let Some((old, new)) = &self.mode {
            words.push(format!("mode {old} → {new}"));
        }
        if self.binary {
            words.push("binary file".to_owned());
        }
        words
    }
}

/// The name in a header, without the timestamp after a tab, git's quotes, and its `a/` or `b/`;
/// `None` for `/dev/null`.
pub(super) fn name(written: &str) -> Option<String> {
    let written = written.split('\t').next().unwrap_or_default().trim_end();
    let name = unquoted(written);
    if name == "/dev/null" {
        return None;
    }
    let short = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
    Some(short.unwrap_or(&name).to_owned())
}

/// The two names of `diff --git a/x b/x`.
pub(super) fn git_names(written: &str) -> Option<(String, String)> {
    let middle = if written.starts_with('"') {
        written.find("\" ").map(|at| at + 1)
    } else {
        // Equal names may contain " b/"; then they are equally long.
        let half = written.len() / 2;
        let equal = written.is_char_boundary(half)
            && written.as_bytes().get(half) == Some(&b' ')
            && written.get(2..half) == written.get(half + 3..);
        if equal {
            Some(half)
        } else {
            written.find(" b/")
        }
    };
    let (old, new) = written.split_at_checked(middle?)?;
    Some((name(old)?, name(new.trim_start())?))
}

/// Undoes git's quoting of unusual names: `"a/\303\244.txt"`.
pub(super) fn unquoted(written: &str) -> Cow<'_, str> {
    let Some(inner) = written
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Cow::Borrowed(written);
    };
    let mut bytes = Vec::new();
    let mut rest = inner.bytes().peekable();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(first @ b'0'..=b'7') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    if let Some(digit) = rest.next_if(|next| (b'0'..=b'7').contains(next)) {
                        value = value * 8 + u32::from(digit - b'0');
                    }
                }
                bytes.push(u8::try_from(value).unwrap_or(b'?'));
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}
