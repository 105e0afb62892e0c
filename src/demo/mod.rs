//! The demo model: a scripted OpenAI-compatible server, so that without an account, a key or a
//! network the real OpenCode still streams, thinks, calls tools, asks and edits files.
//!
//! In: `POST /v1/chat/completions` (streaming and not) and `GET /v1/models`. Out: what a script in
//! `assets/demo/` says next. The server holds no state: a conversation arrives whole with every
//! request, and [`choose`] finds the script by its last prompt and the step by what was already
//! answered. It runs inside the sandbox beside OpenCode and outlives the terminal.
//!
//! It knows nothing of sandboxes, sessions, OpenCode's server or the screen.

mod choose;
mod http;
mod reply;
mod request;
mod script;

#[cfg(test)]
mod tests;

pub use http::{Pace, serve, serve_at};

use serde_json::{Value, json};

/// The provider's id in OpenCode's configuration.
pub const PROVIDER: &str = "demo";
/// The model's id; together with the provider `demo/scripted`.
pub const MODEL: &str = "scripted";
/// The name that OpenCode and the screen show.
pub const MODEL_NAME: &str = "Demo model (scripted)";

/// Returns the part of OpenCode's configuration that makes the demo model the only one.
///
/// `base_url` is where [`serve`] listens, with or without `/v1`. The result is an object with the
/// keys `model`, `enabled_providers` and `provider`, to be merged into the rest. The provider
/// package is inside OpenCode's binary and needs no network (observed on 1.18.33).
pub fn provider_config(base_url: &str) -> Value {
    let base = base_url.trim_end_matches('/');
    let base = base.strip_suffix("/v1").unwrap_or(base);
    json!({
        "model": format!("{PROVIDER}/{MODEL}"),
        "enabled_providers": [PROVIDER],
        "provider": { PROVIDER: {
            "name": "Demo",
            "npm": "@ai-sdk/openai-compatible",
            "options": { "baseURL": format!("{base}/v1"), "apiKey": "demo" },
            "models": { MODEL: {
                "name": MODEL_NAME,
                "tool_call": true,
                "reasoning": true,
                "limit": { "context": 200_000, "output": 32_000 },
            }},
        }},
    })
}
