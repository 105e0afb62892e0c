//! The demo model: a scripted OpenAI-compatible server. Without an account, a key or a network, the
//! real OpenCode still streams, thinks, calls tools, asks and edits files.
//!
//! Input: `POST /v1/chat/completions` (streaming and not) and `GET /v1/models`. Output: the next
//! step of a script in `assets/demo/`. The server is stateless: every request contains the whole
//! conversation, and [`choose`] finds the script by its last prompt and the step by the answers so
//! far. The server runs inside the sandbox next to OpenCode and outlives the terminal.
//!
//! It knows no sandboxes, no sessions, no OpenCode server and no screen.

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
/// The model's id; with the provider, `demo/scripted`.
pub const MODEL: &str = "scripted";
/// The name in OpenCode and on the screen.
pub const MODEL_NAME: &str = "Demo model (scripted)";

/// Returns the part of OpenCode's configuration that makes the demo model the only one.
///
/// `base_url` is where [`serve`] listens, with or without `/v1`. The result is an object with the
/// keys `model`, `enabled_providers` and `provider`, to be merged into the rest of the
/// configuration. The provider package is part of OpenCode's binary and needs no network (observed
/// on 1.18.33).
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
                "attachment": true,
                "modalities": { "input": ["text", "image"], "output": ["text"] },
                "limit": { "context": 200_000, "output": 32_000 },
            }},
        }},
    })
}
