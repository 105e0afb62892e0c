//! Merges the layers, and parses every kind of value from the topmost one.
//!
//! A wrong value is reported with its position and replaced by its default, so that the other settings are checked
//! too.

use std::time::Duration;

use super::KeyOverride;
use super::env::Env;
use super::file::{self, FileEntries, RawValue};
use super::problem::{FilePlace, Problem, ProblemPlace};
use super::schema::{PROVIDER_VARIABLES, SETTINGS, Setting, nearest};
use super::value::duration;
use super::value::price;
use super::value::size;
use super::value::{Sourced, ValueSource};
use super::variables;
use crate::domain::chat::ModelRef;
use crate::domain::sandbox::price::MicroDollars;
use crate::domain::session::notification::NotifyChoice;
use crate::domain::version::opencode_fits;
use crate::net::url::without_userinfo;

/// The words of `notify`.
pub(super) const NOTIFY: [(&str, NotifyChoice); 6] = [
    ("off", NotifyChoice::Off),
    ("auto", NotifyChoice::Auto),
    ("bell", NotifyChoice::Bell),
    ("osc9", NotifyChoice::Osc9),
    ("osc777", NotifyChoice::Osc777),
    ("osc99", NotifyChoice::Osc99),
];

/// Setting, flag, value.
pub(super) type Overridden = Vec<(&'static str, &'static str, RawValue)>;

/// The topmost value of each setting, and the mistakes found so far.
pub(super) struct Layers {
    given: Vec<GivenValue>,
    file_keys: Vec<file::FileEntry>,
    pub(super) problems: Vec<Problem>,
}

#[derive(Clone)]
struct GivenValue {
    name: String,
    value: RawValue,
    source: ValueSource,
    place: ProblemPlace,
}

impl Layers {
    pub(super) fn new(entries: FileEntries, env: &Env, overrides: Overridden) -> Self {
        let mut given: Vec<GivenValue> = entries.settings.into_iter().map(from_file).collect();
        let mut problems = entries.problems;
        problems.extend(variables::wrong(env));
        for Setting { name, variable, .. } in SETTINGS {
            let Some(text) = env.text(variable) else {
                continue;
            };
            // no-color.org: any non-empty value counts.
            let value = match variable {
                "NO_COLOR" => RawValue::Bool(true),
                _ => RawValue::Text(text.to_owned()),
            };
            given.push(outside(name, value, ValueSource::Env(variable.to_owned())));
        }
        for (name, flag, value) in overrides {
            given.push(outside(name, value, ValueSource::Flag(flag.to_owned())));
        }
        Self {
            given,
            file_keys: entries.keys,
            problems,
        }
    }

    /// Later layers take precedence.
    fn top(&self, name: &str) -> Option<GivenValue> {
        self.given.iter().rfind(|given| given.name == name).cloned()
    }

    /// Parses a setting with `read`, which returns the value or says what is wrong. After a mistake the default is
    /// used, so that the other settings are checked too.
    fn value<T>(
        &mut self,
        name: &str,
        default: T,
        read: impl FnOnce(&RawValue) -> Result<T, ValueFault>,
    ) -> Sourced<T> {
        let Some(given) = self.top(name) else {
            return Sourced::new(default, ValueSource::Default);
        };
        match read(&given.value) {
            Ok(value) => Sourced::new(value, given.source),
            Err(ValueFault { what, hint }) => {
                self.problems.push(Problem {
                    place: given.place,
                    what: format!("{name}: {what}"),
                    hint,
                });
                Sourced::new(default, ValueSource::Default)
            }
        }
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        default: Option<&str>,
        choices: &[(&'static str, T)],
    ) -> Sourced<T> {
        let default = default.unwrap_or(default_of(name));
        let default = choices.iter().find(|(word, _)| *word == default);
        let default = default.unwrap_or(&choices[0]).1;
        self.value(name, default, |raw| {
            let words = choices.iter().map(|(word, _)| *word);
            let text = text_of(raw)?;
            let found = choices.iter().find(|(word, _)| *word == text);
            found.map(|(_, value)| *value).ok_or_else(|| {
                let likely =
                    nearest(text, words.clone()).map(|near| format!("did you mean \"{near}\"?"));
                let hint = likely.unwrap_or_else(|| {
                    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
                    format!("it is one of {}", words.join(", "))
                });
                ValueFault::new(format!("\"{}\" is not known", shown(text)), hint)
            })
        })
    }

    pub(super) fn text<T>(&mut self, name: &str, make: impl Fn(String) -> T) -> Sourced<T> {
        self.value(name, make(default_of(name).to_owned()), |raw| {
            let text = text_of(raw)?.trim();
            let hint = "omit the setting to use the default";
            if text.is_empty() {
                return Err(ValueFault::new("the text is empty", hint));
            }
            Ok(make(text.to_owned()))
        })
    }

    pub(super) fn duration(&mut self, name: &str) -> Sourced<Duration> {
        let default = duration::parse(default_of(name)).unwrap_or_default();
        self.value(name, default, |raw| {
            let hint = "write a number with a unit: \"90s\", \"30m\", \"6h\"";
            let RawValue::Text(text) = raw else {
                return Err(ValueFault::new("this is not a duration", hint));
            };
            duration::parse(text).ok_or_else(|| {
                ValueFault::new(format!("\"{}\" is not a duration", shown(text)), hint)
            })
        })
    }

    /// A size or a count; `None` means no limit.
    pub(super) fn size(&mut self, name: &str) -> Sourced<Option<u64>> {
        let default = size::parse(default_of(name)).flatten();
        self.value(name, default, |raw| {
            let hint = "write a number, optionally followed by k, m, g or t: \"8g\"; or \"none\"";
            let read = match raw {
                RawValue::Number(number) => size::parse(&number.to_string()),
                RawValue::Text(text) => size::parse(text),
                _ => None,
            };
            read.ok_or_else(|| ValueFault::new("this is not a size", hint))
        })
    }

    /// The columns of a text.
    pub(super) fn columns(&mut self, name: &str) -> Sourced<u16> {
        let default = default_of(name).parse().unwrap_or(u16::MAX);
        self.value(name, default, |raw| {
            let read = match raw {
                RawValue::Number(number) => u16::try_from(*number).ok(),
                RawValue::Text(text) => text.parse().ok(),
                _ => None,
            };
            let hint = "write a number from 20 to 1000";
            read.filter(|columns| (20..=1_000).contains(columns))
                .ok_or_else(|| ValueFault::new("this is not a number of columns", hint))
        })
    }

    pub(super) fn price(&mut self, name: &str) -> Sourced<MicroDollars> {
        let default = price::parse(default_of(name)).unwrap_or_default();
        self.value(name, default, |raw| {
            let hint = "write US dollars with up to six decimals: 0.0504; or 0 for nothing";
            let read = match raw {
                RawValue::Number(number) => price::parse(&number.to_string()),
                RawValue::Decimal(text) | RawValue::Text(text) => price::parse(text),
                _ => None,
            };
            read.ok_or_else(|| ValueFault::new("this is not a price", hint))
        })
    }

    pub(super) fn switch(&mut self, name: &str) -> Sourced<bool> {
        self.value(name, default_of(name) == "true", |raw| match raw {
            RawValue::Bool(value) => Ok(*value),
            RawValue::Text(text) if ["true", "1", "yes", "on"].contains(&text.as_str()) => Ok(true),
            RawValue::Text(text) if ["false", "0", "no", "off"].contains(&text.as_str()) => {
                Ok(false)
            }
            _ => Err(ValueFault::new(
                "this is neither true nor false",
                "write true or false",
            )),
        })
    }

    pub(super) fn model(&mut self) -> Sourced<Option<ModelRef>> {
        self.value("model", None, |raw| {
            let text = text_of(raw)?.trim();
            match text.split_once('/') {
                Some((provider, model)) if !provider.is_empty() && !model.is_empty() => {
                    Ok(Some(ModelRef {
                        provider: provider.to_owned(),
                        model: model.to_owned(),
                    }))
                }
                _ => Err(ValueFault::new(
                    format!("\"{}\" does not name a provider and a model", shown(text)),
                    "write it as \"provider/model\"",
                )),
            }
        })
    }

    pub(super) fn version(&mut self) -> Sourced<String> {
        let name = "opencode_version";
        self.value(name, default_of(name).to_owned(), |raw| {
            let text = text_of(raw)?.trim();
            let whole = text.split('.').count() == 3
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || ".-+".contains(c));
            if whole && opencode_fits(text) {
                return Ok(text.to_owned());
            }
            Err(ValueFault::new(
                format!("OpenCode \"{}\" is not supported", shown(text)),
                format!(
                    "sandbar supports OpenCode 1.18 and later, below 2, for example \"{}\"",
                    default_of(name)
                ),
            ))
        })
    }

    pub(super) fn url(&mut self, name: &str) -> Sourced<Option<String>> {
        self.value(name, None, |raw| {
            let text = text_of(raw)?.trim();
            let rest = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"));
            match rest {
                Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => {
                    Ok(Some(text.trim_end_matches('/').to_owned()))
                }
                _ => Err(ValueFault::new(
                    format!("\"{}\" is not a URL", shown(&without_userinfo(text))),
                    "begin it with https:// or http://",
                )),
            }
        })
    }

    pub(super) fn forward(&mut self) -> Sourced<Vec<String>> {
        let default = PROVIDER_VARIABLES.iter().map(|name| (*name).to_owned());
        self.value("forward", default.collect(), |raw| {
            let names: Vec<String> = match raw {
                RawValue::List(names) => names.clone(),
                RawValue::Text(text) => {
                    let names = text
                        .split(',')
                        .map(str::trim)
                        .filter(|name| !name.is_empty());
                    names.map(str::to_owned).collect()
                }
                _ => {
                    let hint = "write a list of variables: [\"ANTHROPIC_API_KEY\"]";
                    return Err(ValueFault::new("this is not a list of names", hint));
                }
            };
            match names.iter().find(|name| !is_variable(name)) {
                // Somebody may have put the key itself here.
                Some(_) => Err(ValueFault::new(
                    "one of these is not the name of a variable",
                    "names only, such as ANTHROPIC_API_KEY; the values stay in the environment",
                )),
                None => Ok(names),
            }
        })
    }

    /// A word, or a program with its arguments.
    pub(super) fn notify(&mut self) -> Sourced<NotifyChoice> {
        self.value("notify", NotifyChoice::Auto, |raw| {
            let hint = "write \"off\", \"auto\", \"bell\", \"osc9\", \"osc777\" or \"osc99\", or a program \
                        with its arguments: [\"notify-send\", \"-a\", \"sandbar\"]";
            match raw {
                RawValue::List(command) => match command.first() {
                    Some(program) if !program.trim().is_empty() => {
                        Ok(NotifyChoice::Command(command.clone()))
                    }
                    _ => Err(ValueFault::new("the list names no program", hint)),
                },
                RawValue::Text(text) => {
                    let known = NOTIFY.iter().find(|(word, _)| word == text);
                    known.map(|(_, choice)| choice.clone()).ok_or_else(|| {
                        ValueFault::new(format!("\"{}\" is not known", shown(text)), hint)
                    })
                }
                RawValue::Bool(false) => Ok(NotifyChoice::Off),
                _ => Err(ValueFault::new("this is neither text nor a list", hint)),
            }
        })
    }

    pub(super) fn keys(&mut self) -> Vec<KeyOverride> {
        let mut keys = Vec::new();
        for entry in std::mem::take(&mut self.file_keys) {
            let source = ValueSource::File {
                line: entry.place.line,
            };
            let list = match entry.value {
                RawValue::Text(key) => vec![key],
                RawValue::List(list) => list,
                RawValue::Bool(_)
                | RawValue::Number(_)
                | RawValue::Decimal(_)
                | RawValue::Other(_) => {
                    self.problems.push(Problem {
                        place: ProblemPlace::File(entry.place),
                        what: format!("{}: this is not a key", shown(&entry.name)),
                        hint: Some("write \"ctrl-k\", or a list: [\"ctrl-k\", \"f5\"]".to_owned()),
                    });
                    continue;
                }
            };
            keys.push(KeyOverride {
                action: entry.name,
                keys: Sourced::new(list, source),
                place: entry.place,
            });
        }
        keys
    }
}

/// What is wrong with a value, and what would be right.
struct ValueFault {
    what: String,
    hint: Option<String>,
}

impl ValueFault {
    fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            hint: Some(hint.into()),
        }
    }
}

fn from_file(entry: file::FileEntry) -> GivenValue {
    let place: FilePlace = match entry.name.as_str() {
        // A list that should name variables may contain their values by mistake.
        "forward" => entry.place.without_value(),
        _ => entry.place,
    };
    GivenValue {
        name: entry.name,
        value: entry.value,
        source: ValueSource::File { line: place.line },
        place: ProblemPlace::File(place),
    }
}

fn outside(name: &str, value: RawValue, source: ValueSource) -> GivenValue {
    GivenValue {
        name: name.to_owned(),
        value,
        place: ProblemPlace::Given(source.clone()),
        source,
    }
}

fn default_of(name: &str) -> &'static str {
    let setting = SETTINGS.iter().find(|setting| setting.name == name);
    setting.map_or("", |setting| setting.default)
}

fn text_of(raw: &RawValue) -> Result<&str, ValueFault> {
    match raw {
        RawValue::Text(text) => Ok(text),
        RawValue::Bool(_) => Err(ValueFault::new(
            "this is true or false, not text",
            IN_QUOTES,
        )),
        RawValue::List(_) => Err(ValueFault::new("this is a list, not text", IN_QUOTES)),
        RawValue::Number(_) | RawValue::Decimal(_) => {
            Err(ValueFault::new("this is a number, not text", IN_QUOTES))
        }
        RawValue::Other(kind) => Err(ValueFault::new(
            format!("this is a {kind}, not text"),
            IN_QUOTES,
        )),
    }
}

const IN_QUOTES: &str = "put the text in quotes";

fn shown(text: &str) -> String {
    text.chars().take(60).flat_map(char::escape_debug).collect()
}

fn is_variable(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_uppercase() || c == '_')
        && chars.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
