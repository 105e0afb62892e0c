//! Facts on one line, as many as there is room for.

use crate::text::wrap;

/// Joins facts by `·`; those of the lowest rank are left out first if not all fit.
pub(in crate::app) fn fit(mut facts: Vec<(u8, String)>, room: usize) -> String {
    let join = |facts: &[(u8, String)]| {
        let words: Vec<&str> = facts.iter().map(|(_, words)| words.as_str()).collect();
        words.join(" · ")
    };
    loop {
        let line = join(&facts);
        if wrap::width(&line) <= room {
            return line;
        }
        let ranks = facts.iter().enumerate();
        let Some((least, _)) = ranks.min_by_key(|(_, (rank, _))| *rank) else {
            return line;
        };
        facts.remove(least);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_important_is_left_out_first() {
        let facts = |room| {
            let facts = [(1, "one"), (3, "three"), (2, "two")];
            fit(
                facts.map(|(rank, fact)| (rank, fact.to_owned())).into(),
                room,
            )
        };

        assert_eq!(facts(40), "one · three · two");
        assert_eq!(facts(12), "three · two");
        assert_eq!(facts(5), "three");
        assert_eq!(facts(4), "");
    }
}
