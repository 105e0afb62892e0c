//! Whether the code configures its model's provider itself: then no key is needed.
//!
//! OpenCode reads a project's configuration (1.18), which may add a provider: with its key, or at an address that
//! needs none. Other options of a provider, such as a timeout, do not make it usable. The content of a repository
//! that is not cloned yet is unknown.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use jsonc_parser::{ParseOptions, parse_to_serde_value};
use serde_json::{Map, Value};

use crate::cli::args::GlobalOptions;
use crate::cli::report::CommandError;
use crate::config::{Config, PROVIDER_VARIABLES};
use crate::domain::failure::Failure;
use crate::domain::session::CodeSource;

/// Where a project's configuration is, below its work tree; later files take precedence.
const FILES: [&str; 4] = [
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.json",
    ".opencode/opencode.jsonc",
];
/// Larger files are not read.
const LONGEST: u64 = 1024 * 1024;

/// What is known of models that need no key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum OwnProvider {
    /// Provider ids.
    InCode(BTreeSet<String>),
    Nowhere,
    /// The code is not here.
    Unknown,
}

impl OwnProvider {
    /// Whether the code configures what this model needs, written as `provider/model`.
    fn has(&self, model: &str) -> bool {
        let provider = model.split('/').next().unwrap_or_default();
        match self {
            Self::InCode(providers) => providers.contains(provider),
            Self::Nowhere => false,
            Self::Unknown => true,
        }
    }
}

pub(in crate::cli) fn of(code: &CodeSource) -> OwnProvider {
    let root = match code {
        CodeSource::WorkTree(root) => root,
        CodeSource::Empty => return OwnProvider::Nowhere,
        CodeSource::Clone(_) => return OwnProvider::Unknown,
    };
    let mut all = Value::Null;
    for file in FILES {
        merge(&mut all, configuration(&root.join(file)));
    }
    let usable = usable(&all);
    if usable.is_empty() {
        OwnProvider::Nowhere
    } else {
        OwnProvider::InCode(usable)
    }
}

/// A model that was requested here is not silently replaced by the demo model. The code may configure it.
pub(in crate::cli) fn can_use_model(
    options: &GlobalOptions,
    config: &Config,
    code: &CodeSource,
) -> Result<(), CommandError> {
    let Some(model) = options.model.as_ref().filter(|_| !options.demo) else {
        return Ok(());
    };
    if !config.has_credentials() && !of(code).has(model) {
        return Err(CommandError::NoAccount(
            Failure::new(format!("no key is set for the model {model}"))
                .detail(
                    "no model provider's key is set, and the project does not configure the model's provider",
                )
                .hint("set its provider's key, such as ANTHROPIC_API_KEY; `sandbar config` lists them"),
        ));
    }
    Ok(())
}

/// Reads a configuration. An unreadable one counts as empty: OpenCode reports the error.
fn configuration(file: &Path) -> Value {
    // Reading a FIFO would never end.
    if !file.is_file() {
        return Value::Null;
    }
    let mut text = String::new();
    let opened = std::fs::File::open(file);
    let read = opened.and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    let parsed = read.ok().and_then(|_| {
        let parsed = parse_to_serde_value::<Value>(&text, &ParseOptions::default());
        parsed.ok()
    });
    parsed.unwrap_or_default()
}

/// Merges one configuration over another, field by field, as OpenCode does.
fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (_, Value::Null) => {}
        (Value::Object(below), Value::Object(above)) => {
            for (name, value) in above {
                merge(below.entry(name).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// The providers that a configuration adds and does not disable.
fn usable(config: &Value) -> BTreeSet<String> {
    let list = |name: &str| config.get(name).and_then(Value::as_array);
    let (enabled, disabled) = (list("enabled_providers"), list("disabled_providers"));
    let names = |list: &Vec<Value>, id: &str| list.iter().any(|name| name == id);
    let is_on = |id: &str| {
        enabled.is_none_or(|list| names(list, id)) && !disabled.is_some_and(|list| names(list, id))
    };
    let providers = config.get("provider").and_then(Value::as_object);
    let providers = providers.into_iter().flatten();
    providers
        .filter(|(id, provider)| is_on(id) && brings_its_own(id, provider))
        .map(|(id, _)| id.clone())
        .collect()
}

/// Whether a provider works without a key of ours: it has its key in `options.apiKey`, or it is a custom one, with
/// an address and models. The SDKs of well-known providers refuse to start without a key.
fn brings_its_own(id: &str, provider: &Value) -> bool {
    let empty = Map::new();
    let options = provider.get("options").and_then(Value::as_object);
    let options = options.unwrap_or(&empty);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let key = text(options.get("apiKey"));
    if !key.is_empty() {
        // A variable that we would supply is not set, otherwise we would have the key. Others may be set by the
        // template.
        let variable = key.strip_prefix("{env:");
        let variable = variable.and_then(|rest| rest.strip_suffix('}'));
        return !variable.is_some_and(|name| PROVIDER_VARIABLES.contains(&name));
    }
    let models = provider.get("models").and_then(Value::as_object);
    let has_models = models.is_some_and(|models| !models.is_empty());
    let has_address =
        !text(options.get("baseURL")).is_empty() || !text(provider.get("api")).is_empty();
    let needs_no_key = match text(provider.get("npm")).as_str() {
        // OpenCode's default for an unknown provider.
        "" => has_address && !is_well_known(id),
        OPEN_SDK => has_address,
        package => !package.starts_with(KEYED_SDKS),
    };
    has_models && needs_no_key
}

/// Works without a key, at any address.
const OPEN_SDK: &str = "@ai-sdk/openai-compatible";
/// All other SDKs of this publisher require a key.
const KEYED_SDKS: &str = "@ai-sdk/";

/// Whether OpenCode's catalogue has a provider of this id, judged by the names of the key variables.
fn is_well_known(id: &str) -> bool {
    let prefix = format!("{}_", id.to_ascii_uppercase().replace('-', "_"));
    PROVIDER_VARIABLES
        .iter()
        .any(|variable| variable.starts_with(&prefix))
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::cli::setup;
    use crate::config::Env;

    #[test]
    fn a_model_without_a_key_is_used_if_the_code_configures_its_provider() {
        let root = tempfile::tempdir().unwrap();
        let env = Env::from_iter([("SANDBAR_HOME", root.path().join("home"))]);
        let options = GlobalOptions {
            model: Some("own/model".to_owned()),
            ..GlobalOptions::default()
        };
        let config = setup::config(&options, &env).ok().unwrap();
        let can = |code: &CodeSource| can_use_model(&options, &config, code).is_ok();
        let work = CodeSource::WorkTree(root.path().to_owned());

        assert!(!can(&work) && !can(&CodeSource::Empty));
        let write = |provider: &str| {
            let config = format!(r#"{{"provider": {provider}}}"#);
            std::fs::write(root.path().join("opencode.json"), config).unwrap();
        };
        write(r#"{"other": {"options": {"apiKey": "key"}}}"#);
        assert!(!can(&work));
        write(r#"{"own": {"options": {"apiKey": "key"}}}"#);
        assert!(can(&work) && !can(&CodeSource::Empty));
    }

    #[test]
    fn a_projects_own_provider_is_found_wherever_opencode_reads_it() {
        let root = tempfile::tempdir().unwrap();
        let work = CodeSource::WorkTree(root.path().to_owned());
        assert_eq!(of(&work), OwnProvider::Nowhere);
        std::fs::create_dir(root.path().join(".opencode")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(root.path().join(file), text).unwrap();

        write(
            "opencode.json",
            r#"{"model": "a/b", "enabled_providers": ["provider"]}"#,
        );
        assert_eq!(of(&work), OwnProvider::Nowhere);
        // One provider, configured in two files.
        write(
            "opencode.jsonc",
            r#"{"provider": {"own": {"options": {"baseURL": "http://localhost:1/v1"}}},}"#,
        );
        write(
            ".opencode/opencode.jsonc",
            "{ // ours\n \"provider\" : {\"own\": {\"models\": {\"m\": {}}}},\n}",
        );
        assert_eq!(of(&work), OwnProvider::Nowhere, "it is not enabled");
        write("opencode.json", "{}");

        let own = BTreeSet::from(["own".to_owned()]);
        assert_eq!(of(&work), OwnProvider::InCode(own));
        let url = CodeSource::Clone("https://host/a.git".to_owned());
        assert_eq!(of(&url), OwnProvider::Unknown);
    }

    #[test]
    fn a_provider_counts_only_if_it_can_be_used_without_a_key_of_ours() {
        let usable = |config: &str| {
            let config: Value = serde_json::from_str(config).unwrap();
            let ids: Vec<String> = usable(&config).into_iter().collect();
            ids.join(" ")
        };
        let local = r#"{"npm": "@ai-sdk/openai-compatible", "models": {"m": {}},
            "options": {"baseURL": "http://127.0.0.1:11434/v1"}}"#;

        // Options alone add no provider.
        for options in [
            r#"{"timeout": 600000}"#,
            r#"{"baseURL": "https://proxy.example/v1"}"#,
            r#"{"apiKey": ""}"#,
            r#"{"apiKey": "{env:ANTHROPIC_API_KEY}"}"#,
        ] {
            let config = format!(r#"{{"provider": {{"anthropic": {{"options": {options}}}}}}}"#);
            assert_eq!(usable(&config), "", "{options}");
        }
        let models = r#"{"provider": {"anthropic": {"models": {"m": {"name": "M"}}}}}"#;
        assert_eq!(usable(models), "");
        let proxied = r#"{"provider": {"anthropic": {"npm": "@ai-sdk/anthropic", "models": {"m": {}},
            "api": "https://proxy.example/v1"}}}"#;
        assert_eq!(usable(proxied), "");
        let gemini =
            r#"{"provider": {"google": {"models": {"m": {}}, "api": "https://a.example"}}}"#;
        assert_eq!(usable(gemini), "");

        let keyed = r#"{"provider": {"anthropic": {"options": {"apiKey": "{env:THEIRS}"}}}}"#;
        assert_eq!(usable(keyed), "anthropic");
        let plugin = r#"{"provider": {"x": {"npm": "file:///p.js", "models": {"m": {}}}}}"#;
        assert_eq!(usable(plugin), "x");
        let bare =
            r#"{"provider": {"my-own": {"api": "http://h/v1", "models": {"m": {}}}, "e": {}}}"#;
        assert_eq!(usable(bare), "my-own");
        assert_eq!(
            usable(&format!(r#"{{"provider": {{"ollama": {local}}}}}"#)),
            "ollama"
        );
        let off = format!(r#"{{"disabled_providers": ["a"], "provider": {{"a": {local}}}}}"#);
        assert_eq!(usable(&off), "");
        let other = format!(r#"{{"enabled_providers": ["b"], "provider": {{"a": {local}}}}}"#);
        assert_eq!(usable(&other), "");
    }
}
