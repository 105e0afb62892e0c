//! What was typed into the palette: its first character may say what is looked for.

/// What the palette looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaletteKind {
    Actions,
    Sessions,
    Models,
    Agents,
    Files,
    Prompts,
}

impl PaletteKind {
    /// The kinds with a character, in the order of the hints.
    pub(super) const MARKED: [(char, Self, &'static str); 5] = [
        ('#', Self::Sessions, "sessions"),
        (':', Self::Models, "models"),
        ('&', Self::Agents, "agents"),
        ('@', Self::Files, "files"),
        ('>', Self::Prompts, "prompts"),
    ];

    /// The text if nothing matches.
    pub(super) fn none(self) -> &'static str {
        match self {
            Self::Actions => "no action matches",
            Self::Sessions => "no session matches",
            Self::Models => "no model matches",
            Self::Agents => "no agent matches",
            Self::Files => "no file matches",
            Self::Prompts => "no prompt of this conversation matches",
        }
    }
}

/// Splits what was typed into what is looked for and the rest.
pub(super) fn read(typed: &str) -> (PaletteKind, &str) {
    let mut marked = PaletteKind::MARKED.iter();
    let found = marked.find_map(|(mark, kind, _)| Some((*kind, typed.strip_prefix(*mark)?)));
    let (kind, rest) = found.unwrap_or((PaletteKind::Actions, typed));
    (kind, rest.trim())
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_first_character_says_what_is_looked_for() {
        assert_eq!(read("kill"), (PaletteKind::Actions, "kill"));
        assert_eq!(read("#fix log"), (PaletteKind::Sessions, "fix log"));
        assert_eq!(read(": sonnet"), (PaletteKind::Models, "sonnet"));
        assert_eq!(read("&"), (PaletteKind::Agents, ""));
        assert_eq!(read("@src/a"), (PaletteKind::Files, "src/a"));
        assert_eq!(read(">why"), (PaletteKind::Prompts, "why"));
        assert_eq!(read(" #x"), (PaletteKind::Actions, "#x"));
    }
}
