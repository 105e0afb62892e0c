//! Which language code is in, by the name at its fence or by its file's name.

/// Longer names are no language's.
const LONGEST: usize = 40;
/// Names for text without a grammar: the grammars are not loaded for it.
const PLAIN: [&str; 7] = ["text", "txt", "plain", "plaintext", "none", "log", "output"];

/// The name of a language or of a file, in lower case. There may be no grammar for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Language(Box<str>);

impl Language {
    /// Reads what follows a fence: `rust`, `rust,ignore`, `{.python}`, `c title="x"`.
    pub fn of_fence(info: &str) -> Option<Self> {
        let first = info
            .trim_start_matches(['{', '.', ' '])
            .split([' ', ',', '{', '}', ':', ';', '\t', '\n'])
            .next()?;
        Self::named(first)
    }

    /// Reads the name of a file.
    pub fn of_path(path: &str) -> Option<Self> {
        Self::named(path.rsplit(['/', '\\']).next()?)
    }

    fn named(name: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "+#_.-".contains(c);
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let last = name.rsplit('.').next().unwrap_or_default();
        let plain = PLAIN.contains(&last);
        // A name such as `CMakeLists.txt` says more than its end.
        (!plain || name == "cmakelists.txt").then(|| Self(name.into()))
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }
}
