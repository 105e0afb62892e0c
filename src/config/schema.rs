//! The table of all settings, one per row. Names, variables, flags and defaults come from here, so that file,
//! environment, flags, errors and report cannot differ.

/// A setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// As in the file, with the table before a dot: `e2b.domain`.
    pub(super) name: &'static str,
    pub(super) variable: &'static str,
    pub(super) default: &'static str,
}

const fn setting(name: &'static str, variable: &'static str, default: &'static str) -> Setting {
    Setting {
        name,
        variable,
        default,
    }
}

/// In the order of the report.
pub(super) const SETTINGS: [Setting; 36] = [
    // The default engine depends on `E2B_API_KEY`; see `load`.
    setting("engine", "SANDBAR_ENGINE", ""),
    setting("template", "SANDBAR_TEMPLATE", "opencode"),
    setting("idle_ttl", "SANDBAR_IDLE_TTL", "30m"),
    setting("work_ttl", "SANDBAR_WORK_TTL", "6h"),
    setting("warm_start", "SANDBAR_WARM_START", "false"),
    setting("model", "SANDBAR_MODEL", ""),
    setting(
        "opencode_version",
        "SANDBAR_OPENCODE_VERSION",
        crate::domain::version::OPENCODE_VERSION,
    ),
    setting("forward", "SANDBAR_FORWARD", ""),
    setting("secrets", "SANDBAR_SECRETS", "env"),
    setting("keyring", "SANDBAR_KEYRING", "true"),
    setting("local.isolation", "SANDBAR_ISOLATION", "full"),
    setting(
        "local.require_isolation",
        "SANDBAR_REQUIRE_ISOLATION",
        "none",
    ),
    setting("local.network", "SANDBAR_NETWORK", "own"),
    setting("local.memory", "SANDBAR_MEMORY", "8g"),
    setting("local.processes", "SANDBAR_PROCESSES", "4096"),
    setting("local.file_size", "SANDBAR_FILE_SIZE", "32g"),
    setting("local.server_idle", "SANDBAR_SERVER_IDLE", "15m"),
    setting("code", "SANDBAR_CODE", "worktree"),
    setting("theme", "SANDBAR_THEME", "auto"),
    setting("no_color", "NO_COLOR", "false"),
    setting("mouse", "SANDBAR_MOUSE", "false"),
    setting("hyperlinks", "SANDBAR_HYPERLINKS", "auto"),
    setting("prose_columns", "SANDBAR_PROSE_COLUMNS", "100"),
    setting("log", "SANDBAR_LOG", "info"),
    setting("composer.vim", "SANDBAR_VIM", "false"),
    setting("e2b.api_url", "E2B_API_URL", ""),
    setting("e2b.domain", "E2B_DOMAIN", "e2b.app"),
    setting("e2b.sandbox_url", "E2B_SANDBOX_URL", ""),
    // US dollars an hour, E2B's prices in November 2026 (https://e2b.dev/docs/faq/calculate-sandbox-price):
    // $0.000014 and $0.0000045 a second.
    setting(
        "prices.usd_per_vcpu_hour",
        "SANDBAR_USD_PER_VCPU_HOUR",
        "0.0504",
    ),
    setting(
        "prices.usd_per_gib_hour",
        "SANDBAR_USD_PER_GIB_HOUR",
        "0.0162",
    ),
    setting("notify", "SANDBAR_NOTIFY", "auto"),
    setting(
        "notify_unknown_focus",
        "SANDBAR_NOTIFY_UNKNOWN_FOCUS",
        "false",
    ),
    setting("timeouts.connect", "SANDBAR_CONNECT_TIMEOUT", "10s"),
    setting("timeouts.request", "SANDBAR_REQUEST_TIMEOUT", "30s"),
    setting("timeouts.install", "SANDBAR_INSTALL_TIMEOUT", "10m"),
    setting("timeouts.health", "SANDBAR_HEALTH_TIMEOUT", "60s"),
];

/// The table of the user's own keys; its names are actions, not settings.
pub(super) const KEYS: &str = "keys";

/// The variables that OpenCode reads for the keys of well-known providers (its catalogue, as of 1.18.33), except
/// those with other uses too, such as AWS's and GitHub's: users must name these to pass them into a sandbox.
pub(crate) const PROVIDER_VARIABLES: [&str; 25] = [
    "AI_GATEWAY_API_KEY",
    "ANTHROPIC_API_KEY",
    "AZURE_API_KEY",
    "AZURE_RESOURCE_NAME",
    "BASETEN_API_KEY",
    "CEREBRAS_API_KEY",
    "COHERE_API_KEY",
    "DASHSCOPE_API_KEY",
    "DEEPINFRA_API_KEY",
    "DEEPSEEK_API_KEY",
    "FIREWORKS_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GENERATIVE_AI_API_KEY",
    "GROQ_API_KEY",
    "MINIMAX_API_KEY",
    "MISTRAL_API_KEY",
    "MOONSHOT_API_KEY",
    "NVIDIA_API_KEY",
    "OPENAI_API_KEY",
    "OPENCODE_API_KEY",
    "OPENROUTER_API_KEY",
    "PERPLEXITY_API_KEY",
    "TOGETHER_API_KEY",
    "XAI_API_KEY",
    "ZHIPU_API_KEY",
];

/// Returns the candidate that `wrong` was most likely meant to be.
pub(super) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong: String = wrong.chars().take(64).collect();
    candidates
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wrong.to_lowercase(), name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
