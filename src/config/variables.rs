//! Mistakes in the names of environment variables.

use super::CLONE_ACCESS;
use super::env::Env;
use super::paths::HOME_VARIABLE;
use super::problem::{Problem, ProblemPlace};
use super::schema::{SETTINGS, nearest};
use super::value::ValueSource;

/// The prefix of our own variables.
const PREFIX: &str = "SANDBAR_";

/// Our variables that do not exist, or whose value is not text: they would be silently ignored. One without a value
/// sets nothing.
pub(super) fn wrong(env: &Env) -> Vec<Problem> {
    let known = || {
        let settings = SETTINGS.iter().map(|setting| setting.variable);
        settings.chain([HOME_VARIABLE, CLONE_ACCESS])
    };
    let mut problems = Vec::new();
    for (name, value) in env.iter().filter(|(_, value)| !value.is_empty()) {
        let name = name.to_string_lossy();
        let is_ours = name.to_ascii_uppercase().starts_with(PREFIX);
        let what = match known().find(|known| *known == name) {
            Some(HOME_VARIABLE) => continue,
            Some(_) if value.to_str().is_none() => "its value is not UTF-8 text",
            None if is_ours => "sandbar has no such variable",
            Some(_) | None => continue,
        };
        let hint = match known().find(|known| *known == name) {
            Some(_) => None,
            None => Some(likely(&name, known())),
        };
        problems.push(Problem {
            place: ProblemPlace::Given(ValueSource::Env(name.into_owned())),
            what: what.to_owned(),
            hint,
        });
    }
    problems
}

/// The variable that was probably meant.
fn likely<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    // All start alike, and `nearest` weighs beginnings most.
    let rest = |name: &'a str| name.strip_prefix(PREFIX).filter(|rest| !rest.is_empty());
    let wrong = wrong.get(PREFIX.len()..).unwrap_or_default();
    let lower: Vec<(String, &str)> = known
        .filter_map(|name| Some((rest(name)?.to_ascii_lowercase(), name)))
        .collect();
    let near = nearest(wrong, lower.iter().map(|(lower, _)| lower.as_str()));
    let near = near.and_then(|near| lower.iter().find(|(lower, _)| lower == near));
    near.map_or_else(
        || "unset it; `sandbar config` lists the variables that have a value".to_owned(),
        |(_, name)| format!("did you mean {name}?"),
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    fn told(name: &str, value: &[u8]) -> Vec<String> {
        let env = Env::from_iter([(OsStr::new(name), OsStr::from_bytes(value))]);
        wrong(&env).iter().map(Problem::to_string).collect()
    }

    #[test]
    fn a_misspelt_variable_is_reported_with_the_likely_one() {
        for (misspelt, meant) in [
            ("SANDBAR_TEMPLAT", "SANDBAR_TEMPLATE"),
            ("SANDBAR_IDEL_TTL", "SANDBAR_IDLE_TTL"),
            ("SANDBAR_HOM", "SANDBAR_HOME"),
            ("SANDBAR_REQUEST_TIME_OUT", "SANDBAR_REQUEST_TIMEOUT"),
            ("sandbar_engine", "SANDBAR_ENGINE"),
        ] {
            let what = format!("env {misspelt}: sandbar has no such variable");
            assert_eq!(
                told(misspelt, b"x"),
                [format!("{what}\n  did you mean {meant}?")]
            );
        }
        assert!(told("SANDBAR_ZZZ", b"1")[0].ends_with("lists the variables that have a value"));
    }

    #[test]
    fn known_variables_and_those_of_others_are_no_mistake() {
        for setting in SETTINGS {
            assert!(
                told(setting.variable, b"x").is_empty(),
                "{}",
                setting.variable
            );
        }
        for name in [
            HOME_VARIABLE,
            CLONE_ACCESS,
            "E2B_API_KEY",
            "SANDBARX",
            "MY_SANDBAR_X",
            "",
        ] {
            assert!(told(name, b"x").is_empty(), "{name}");
        }
        // It counts as unset.
        assert!(told("SANDBAR_TEMPLAT", b"").is_empty());
    }

    #[test]
    fn a_value_that_is_not_text_is_reported() {
        assert_eq!(
            told("SANDBAR_TEMPLATE", b"\xff"),
            ["env SANDBAR_TEMPLATE: its value is not UTF-8 text"]
        );
        // A path may have any bytes.
        assert!(told(HOME_VARIABLE, b"/\xff").is_empty());
    }
}
