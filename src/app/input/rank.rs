//! Ranks candidates by how well they match what was typed.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How the candidates are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::app) enum Candidates {
    Names,
    /// What follows a slash counts more.
    Paths,
}

/// The candidates that match, the best first; equal ones keep their order. An empty query keeps all.
pub(in crate::app) fn ranked<T>(
    query: &str,
    kind: Candidates,
    candidates: impl IntoIterator<Item = T>,
    texts: impl Fn(&T) -> Vec<String>,
) -> Vec<T> {
    let mut scored = scored(query, kind, candidates, |candidate| {
        let texts = texts(candidate).into_iter();
        let rewarded = texts.map(|text| {
            let exact = u32::from(text.eq_ignore_ascii_case(query)) * 1_000;
            let begins = u32::from(text.starts_with(query)) * 20;
            (text, exact + begins)
        });
        rewarded.collect()
    });
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The candidates that match about as well as the best one, in their order: for lists that keep
/// theirs, where one that only has the letters somewhere would stand above.
pub(in crate::app) fn similar<T>(
    query: &str,
    candidates: impl IntoIterator<Item = T>,
    texts: impl Fn(&T) -> Vec<String>,
) -> Vec<T> {
    let scored = scored(query, Candidates::Names, candidates, |candidate| {
        let texts = texts(candidate).into_iter();
        texts.map(|text| (text, 0)).collect()
    });
    let best = scored.iter().map(|(score, _)| *score).max().unwrap_or(0);
    let close = scored.into_iter();
    let close = close.filter(|(score, _)| score.saturating_mul(4) >= best.saturating_mul(3));
    close.map(|(_, candidate)| candidate).collect()
}

/// The candidates that match with their scores, in their order; each text has a reward of its own.
fn scored<T>(
    query: &str,
    kind: Candidates,
    candidates: impl IntoIterator<Item = T>,
    texts: impl Fn(&T) -> Vec<(String, u32)>,
) -> Vec<(u32, T)> {
    let config = match kind {
        Candidates::Names => Config::DEFAULT,
        Candidates::Paths => Config::DEFAULT.match_paths(),
    };
    let mut matcher = Matcher::new(config);
    let pattern = Pattern::new(
        query,
        CaseMatching::Smart,
        Normalization::Smart,
        AtomKind::Fuzzy,
    );
    let mut buf = Vec::new();
    let mut scored: Vec<(u32, T)> = Vec::new();
    for candidate in candidates {
        let found = texts(&candidate).into_iter().filter_map(|(text, reward)| {
            let score = pattern.score(Utf32Str::new(&text, &mut buf), &mut matcher)?;
            Some(score + reward)
        });
        if let Some(score) = found.max() {
            scored.push((score, candidate));
        }
    }
    scored
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn names(query: &str, of: &[&'static str]) -> Vec<&'static str> {
        ranked(query, Candidates::Names, of.iter().copied(), |name| {
            vec![(*name).to_owned()]
        })
    }

    #[test]
    fn the_best_match_comes_first_and_what_does_not_match_is_left_out() {
        let all = ["preview", "review", "init", "rev"];
        assert_eq!(names("", &all), all);
        assert_eq!(names("rev", &all), ["rev", "review", "preview"]);
        assert_eq!(names("rvw", &all), ["review", "preview"]);
        assert_eq!(names("etc/passwd", &all), [""; 0]);
    }

    #[test]
    fn a_files_name_counts_more_than_its_directories() {
        let paths = ["main/other.txt", "src/deep/main.rs"];
        let found = ranked("main.rs", Candidates::Paths, paths, |path| {
            vec![(*path).to_owned()]
        });
        assert_eq!(found, ["src/deep/main.rs"]);
    }
}
