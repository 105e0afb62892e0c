//! Patterns with wildcards, as OpenCode's own permission rules have them.
//!
//! `*` is any text, also none, and `?` one character; all else stands for itself. A pattern that
//! ends with a blank and `*` also matches without them: `cargo test *` matches `cargo test`. Unlike
//! OpenCode (1.18.33), a backslash is not a slash: that would let other texts match.

/// Whether all of `text` matches.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if let Some(start) = pattern.strip_suffix(" *")
        && glob(start, text)
    {
        return true;
    }
    glob(pattern, text)
}

/// Whether it has no wildcards.
pub(super) fn is_literal(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

/// Goes back to the last `*` only, so that time is at most the product of both lengths.
fn glob(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // The last `*`, and how much of the text it takes so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                p += 1;
                t += 1;
            }
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    (p, t) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}
