//! The effective values and their sources, as rows; printing them is not done here.

use secrecy::SecretString;

use super::layers::NOTIFY;
use super::load::{CODES, ENGINES, HYPERLINKS, LEVELS, SECRETS, THEMES};
use super::value::{Sourced, ValueSource};
use super::value::{duration, price, size};
use super::{ACCOUNT_KEY, Config, NotifyConfig, PricesConfig, Timeouts};
use crate::domain::session::notification::NotifyChoice;
use crate::net::url::without_userinfo;

/// One line of `sandbar config`. Contains no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// As in the file: `e2b.domain`.
    pub name: String,
    /// As it would be written in the file, without quotes; empty if unset.
    pub value: String,
    pub source: ValueSource,
    /// The value is dots in place of a key.
    pub is_secret: bool,
}

const DOTS: &str = "••••••••";

impl Config {
    /// Every setting in the order of the documentation, then keys, then secrets as dots.
    pub fn report(&self) -> Vec<SettingRow> {
        let mut rows = vec![
            row("engine", &self.engine, |v| word(&ENGINES, v)),
            row("template", &self.template, ToString::to_string),
            row("idle_ttl", &self.idle_ttl, |v| duration::print(*v)),
            row("work_ttl", &self.work_ttl, |v| duration::print(*v)),
            row("warm_start", &self.warm_start, ToString::to_string),
            row("model", &self.model, |v| {
                let name =
                    |m: &crate::domain::chat::ModelRef| format!("{}/{}", m.provider, m.model);
                v.as_ref().map(name).unwrap_or_default()
            }),
            row("opencode_version", &self.opencode_version, Clone::clone),
            row("forward", &self.forward, |v| v.join(", ")),
            row("secrets", &self.secrets, |v| word(&SECRETS, v)),
            row("keyring", &self.keyring, ToString::to_string),
            row("local.isolation", &self.local.isolation, |v| {
                (*v).to_owned()
            }),
            row(
                "local.require_isolation",
                &self.local.require_isolation,
                |v| (*v).to_owned(),
            ),
            row("local.network", &self.local.network, |v| (*v).to_owned()),
            row("local.memory", &self.local.memory, |v| size::print(*v)),
            row("local.processes", &self.local.processes, |v| {
                v.map_or_else(|| size::print(None), |count| count.to_string())
            }),
            row("local.file_size", &self.local.file_size, |v| {
                size::print(*v)
            }),
            row("local.server_idle", &self.local.server_idle, |v| {
                duration::print(*v)
            }),
            row("code", &self.code, |v| word(&CODES, v)),
            row("theme", &self.theme, |v| word(&THEMES, v)),
            row("no_color", &self.no_color, ToString::to_string),
            row("mouse", &self.mouse, ToString::to_string),
            row("hyperlinks", &self.hyperlinks, |v| word(&HYPERLINKS, v)),
            row("prose_columns", &self.prose_columns, ToString::to_string),
            row("log", &self.log, |v| word(&LEVELS, v)),
            row("composer.vim", &self.composer_vim, ToString::to_string),
            row("e2b.api_url", &self.e2b.api_url, optional),
            row("e2b.domain", &self.e2b.domain, Clone::clone),
            row("e2b.sandbox_url", &self.e2b.sandbox_url, optional),
        ];
        rows.extend(self.prices.rows());
        rows.extend(self.notify.rows());
        rows.extend(self.timeouts.rows());
        for key in &self.keys {
            let name = format!("keys.{}", key.action);
            rows.push(row(&name, &key.keys, |v| v.join(", ")));
        }
        if let Some(key) = &self.e2b.api_key {
            rows.push(secret(ACCOUNT_KEY, key));
        }
        for (name, key) in self.provider_keys() {
            rows.push(secret(name, key));
        }
        rows
    }
}

/// The word, or the program with its arguments.
fn notify(choice: &NotifyChoice) -> String {
    if let NotifyChoice::Command(command) = choice {
        return command.join(", ");
    }
    let known = NOTIFY.iter().find(|(_, known)| known == choice);
    known.map_or("", |(word, _)| word).to_owned()
}

impl NotifyConfig {
    fn rows(&self) -> [SettingRow; 2] {
        let unknown = &self.unknown_focus;
        [
            row("notify", &self.by, notify),
            row("notify_unknown_focus", unknown, ToString::to_string),
        ]
    }
}

impl PricesConfig {
    fn rows(&self) -> [SettingRow; 2] {
        [
            ("prices.usd_per_vcpu_hour", &self.usd_per_vcpu_hour),
            ("prices.usd_per_gib_hour", &self.usd_per_gib_hour),
        ]
        .map(|(name, value)| row(name, value, |v| price::print(*v)))
    }
}

impl Timeouts {
    fn rows(&self) -> [SettingRow; 4] {
        [
            ("timeouts.connect", &self.connect),
            ("timeouts.request", &self.request),
            ("timeouts.install", &self.install),
            ("timeouts.health", &self.health),
        ]
        .map(|(name, value)| row(name, value, |v| duration::print(*v)))
    }
}

fn row<T>(name: &str, value: &Sourced<T>, print: impl Fn(&T) -> String) -> SettingRow {
    SettingRow {
        name: name.to_owned(),
        value: print(&value.value),
        source: value.source.clone(),
        is_secret: false,
    }
}

fn secret(name: &str, key: &Sourced<SecretString>) -> SettingRow {
    SettingRow {
        is_secret: true,
        ..row(name, key, |_| DOTS.to_owned())
    }
}

fn word<T: PartialEq>(words: &[(&str, T)], value: &T) -> String {
    let found = words.iter().find(|(_, candidate)| candidate == value);
    found.map_or_else(String::new, |(word, _)| (*word).to_owned())
}

#[expect(clippy::ref_option, reason = "the shape that `row` hands on")]
fn optional(value: &Option<String>) -> String {
    value.as_deref().map(without_userinfo).unwrap_or_default()
}
