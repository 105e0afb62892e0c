//! A local server of another version than this program: an update replaces the program's file, and a running server
//! keeps the old version.

use std::cmp::Ordering;

/// What to do with a server that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SkewAnswer {
    /// It has this version.
    Use,
    /// It is older, and nothing runs in it.
    Renew,
    /// It is used as it is, with this notice.
    Tell(String),
}

/// `running`: its sandboxes with processes.
pub(super) fn advise(theirs: &str, running: usize, own: &str) -> SkewAnswer {
    if theirs == own {
        return SkewAnswer::Use;
    }
    let is_older = compare(theirs, own) == Ordering::Less;
    if is_older && running == 0 {
        return SkewAnswer::Renew;
    }
    let next = if is_older {
        "`sandbar local stop` ends it, and pauses its sandboxes; the next session starts a new one"
    } else {
        "use the newer sandbar, or end it with `sandbar local stop`"
    };
    SkewAnswer::Tell(format!(
        "the local server runs sandbar {theirs}, but this is sandbar {own}; {next}"
    ))
}

/// Compares the numbers; a pre-release comes before its release.
fn compare(one: &str, other: &str) -> Ordering {
    let parts = |version: &str| {
        let (numbers, word) = version.split_once('-').unwrap_or((version, ""));
        let numbers: Vec<u64> = numbers
            .split('.')
            .map(|number| number.parse().unwrap_or(0))
            .collect();
        (numbers, word.is_empty(), word.to_owned())
    };
    parts(one).cmp(&parts(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_version_is_used_without_a_notice() {
        assert_eq!(advise("0.1.0", 3, "0.1.0"), SkewAnswer::Use);
    }

    #[test]
    fn an_older_version_is_replaced_only_if_nothing_runs() {
        assert_eq!(advise("0.9.0", 0, "0.10.0"), SkewAnswer::Renew);
        assert_eq!(advise("0.1.0-rc.1", 0, "0.1.0"), SkewAnswer::Renew);
        let told = "the local server runs sandbar 0.1.0, but this is sandbar 0.2.0; `sandbar local stop` ends it, \
            and pauses its sandboxes; the next session starts a new one";
        assert_eq!(
            advise("0.1.0", 1, "0.2.0"),
            SkewAnswer::Tell(told.to_owned())
        );
    }

    #[test]
    fn a_newer_version_is_left_alone() {
        assert!(matches!(advise("0.3.0", 0, "0.2.0"), SkewAnswer::Tell(_)));
    }
}
