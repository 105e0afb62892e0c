//! Names of templates as clients write them.

use crate::local::sandbox::template::STAND_INS;

/// A template's name without the tag of its newest build; others do not exist here.
pub(super) fn plain_name(template: &str) -> &str {
    let newest = [":default", ":latest"];
    newest
        .iter()
        .find_map(|tag| template.strip_suffix(tag))
        .unwrap_or(template)
}

/// What there is instead of a template of E2B's.
pub(super) fn stands_for(template: &str) -> Option<&'static str> {
    let mut known = STAND_INS.iter();
    known.find_map(|(name, instead)| (*name == template).then_some(*instead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_build_has_a_name() {
        assert_eq!(plain_name("base:latest"), "base");
        assert_eq!(plain_name("base"), "base");
        assert_eq!(plain_name("base:v2"), "base:v2");
    }
}
