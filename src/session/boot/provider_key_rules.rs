//! Provider keys that never enter a sandbox: E2B writes them into outbound requests to the provider's host
//! (`network.rules` of the create call), and so does the local server where all traffic of a sandbox passes through
//! it.
//!
//! In: keys by variable name. Out: environment variables for the sandbox, with a placeholder for each key so that
//! OpenCode finds its provider, and rules by host. Hosts and headers are those of the providers' public APIs as
//! OpenCode 1.18.33 calls them; a key without a known host is left out.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::failure::Failure;
use crate::e2b::wire::{EgressRule, Transform};
use crate::engine::Engine;

/// The placeholder for a key in the sandbox.
const STAND_IN: &str = "written-into-requests-as-they-leave-the-sandbox";

const BEARER: (&str, &str) = ("authorization", "Bearer ");

/// Variable, host, header, and the prefix of the header's value.
const PROVIDERS: [(&str, &str, (&str, &str)); 15] = [
    ("ANTHROPIC_API_KEY", "api.anthropic.com", ("x-api-key", "")),
    ("CEREBRAS_API_KEY", "api.cerebras.ai", BEARER),
    ("DEEPINFRA_API_KEY", "api.deepinfra.com", BEARER),
    ("DEEPSEEK_API_KEY", "api.deepseek.com", BEARER),
    ("FIREWORKS_API_KEY", "api.fireworks.ai", BEARER),
    (
        "GEMINI_API_KEY",
        "generativelanguage.googleapis.com",
        ("x-goog-api-key", ""),
    ),
    (
        "GOOGLE_GENERATIVE_AI_API_KEY",
        "generativelanguage.googleapis.com",
        ("x-goog-api-key", ""),
    ),
    ("GROQ_API_KEY", "api.groq.com", BEARER),
    ("MISTRAL_API_KEY", "api.mistral.ai", BEARER),
    ("NVIDIA_API_KEY", "integrate.api.nvidia.com", BEARER),
    ("OPENAI_API_KEY", "api.openai.com", BEARER),
    ("OPENROUTER_API_KEY", "openrouter.ai", BEARER),
    ("PERPLEXITY_API_KEY", "api.perplexity.ai", BEARER),
    ("TOGETHER_API_KEY", "api.together.xyz", BEARER),
    ("XAI_API_KEY", "api.x.ai", BEARER),
];

type ProviderKeys = [(String, SecretString)];

fn provider(
    variable: &str,
) -> Option<&'static (&'static str, &'static str, (&'static str, &'static str))> {
    PROVIDERS.iter().find(|(name, ..)| *name == variable)
}

/// The variables and the rules for these keys.
pub(in crate::session) fn keyless(
    keys: &ProviderKeys,
) -> (
    BTreeMap<String, SecretString>,
    BTreeMap<String, Vec<EgressRule>>,
) {
    let mut variables = BTreeMap::new();
    let mut rules = BTreeMap::new();
    for (variable, key) in keys {
        let Some((_, host, (header, before))) = provider(variable) else {
            continue;
        };
        variables.insert(variable.clone(), STAND_IN.into());
        let value = format!("{before}{}", key.expose_secret());
        let headers = [((*header).to_owned(), value.into())].into();
        let rule = EgressRule {
            transform: Transform { headers },
        };
        rules.insert((*host).to_owned(), vec![rule]);
    }
    (variables, rules)
}

/// Names the keys that are left out, one line each.
///
/// # Errors
/// The engine has no such rules. Better no sandbox than one that holds the keys after all.
pub(in crate::session) fn check(
    engine: &Engine,
    keys: &ProviderKeys,
) -> Result<Vec<String>, Failure> {
    if !engine.writes_into_requests && !keys.is_empty() {
        let level = engine.isolation.unwrap_or("unknown");
        return Err(
            Failure::new("provider keys cannot be kept out of this sandbox")
                .detail(format!(
                    "secrets = \"egress\" needs isolation full and network = \"own\"; here it is {level}"
                ))
                .hint("`sandbar doctor` says why; or set secrets = \"env\", or use --engine e2b"),
        );
    }
    Ok(left_out(keys))
}

fn left_out(keys: &ProviderKeys) -> Vec<String> {
    let unknown = keys.iter().filter(|(name, _)| provider(name).is_none());
    let line = |(name, _): &(String, SecretString)| {
        format!("{name} is left out: sandbar does not know which requests need it")
    };
    unknown.map(line).collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use serde_json::json;

    use super::*;

    fn keys(names: &[&str]) -> Vec<(String, SecretString)> {
        let key = |name: &&str| ((*name).to_owned(), format!("sk-of-{name}").into());
        names.iter().map(key).collect()
    }

    #[test]
    fn the_sandbox_gets_a_placeholder_and_the_rules_the_key() {
        let keys = keys(&["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "ZHIPU_API_KEY"]);

        let (variables, rules) = keyless(&keys);

        let names: Vec<&String> = variables.keys().collect();
        assert_eq!(names, ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]);
        let mut values = variables.values();
        assert!(values.all(|value| value.expose_secret() == STAND_IN));
        assert_eq!(
            serde_json::to_value(rules).unwrap(),
            json!({
                "api.anthropic.com":
                    [{"transform": {"headers": {"x-api-key": "sk-of-ANTHROPIC_API_KEY"}}}],
                "api.openai.com":
                    [{"transform": {"headers": {"authorization": "Bearer sk-of-OPENAI_API_KEY"}}}],
            })
        );
    }

    #[test]
    fn keys_that_are_left_out_are_named() {
        let lines = left_out(&keys(&["OPENAI_API_KEY", "ZHIPU_API_KEY"]));

        let line = "ZHIPU_API_KEY is left out: sandbar does not know which requests need it";
        assert_eq!(lines, [line]);
    }
}
