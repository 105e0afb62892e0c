//! Scripts as data: the format of `assets/demo/*.toml`, and the set of all scripts.
//!
//! `assets/demo/README.md` describes the format for authors.

use serde::Deserialize;
use serde_json::Value;

/// The scripts by file name. The first is the tour; the second answers every prompt without a
/// keyword.
const FILES: [(&str, &str); 14] = [
    ("tour", include_str!("../../assets/demo/tour.toml")),
    ("echo", include_str!("../../assets/demo/echo.toml")),
    ("agent", include_str!("../../assets/demo/agent.toml")),
    ("attached", include_str!("../../assets/demo/attached.toml")),
    ("error", include_str!("../../assets/demo/error.toml")),
    ("fail", include_str!("../../assets/demo/fail.toml")),
    ("long", include_str!("../../assets/demo/long.toml")),
    (
        "permission",
        include_str!("../../assets/demo/permission.toml"),
    ),
    ("question", include_str!("../../assets/demo/question.toml")),
    ("table", include_str!("../../assets/demo/table.toml")),
    ("think", include_str!("../../assets/demo/think.toml")),
    ("todo", include_str!("../../assets/demo/todo.toml")),
    ("touch", include_str!("../../assets/demo/touch.toml")),
    ("unicode", include_str!("../../assets/demo/unicode.toml")),
];

/// One script: the steps of one turn.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Its description in the list of the prompt `help`; `None` for scripts without a keyword.
    pub(super) help: Option<String>,
    /// The value of `{answer}` before any question was answered.
    #[serde(default)]
    pub(super) answer: String,
    /// The last text of the turn if the user refused a tool with a message.
    pub(super) refused: Option<String>,
    /// Milliseconds between two chunks; the server's own pace if absent.
    pub(super) pace_ms: Option<u64>,
    /// The provider's failure in place of an answer.
    pub(super) fault: Option<ScriptFault>,
    #[serde(default, rename = "step")]
    pub(super) steps: Vec<ScriptStep>,
}

/// One answer of the model: thinking, text, calls. Without calls, it ends the turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptStep {
    #[serde(default)]
    pub(super) think: String,
    #[serde(default)]
    pub(super) say: String,
    /// How often `say` is repeated; `{n}` counts from 1.
    pub(super) repeat: Option<u32>,
    #[serde(default, rename = "call")]
    pub(super) calls: Vec<ScriptCall>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptCall {
    /// OpenCode's name for the tool.
    pub(super) tool: String,
    /// The arguments that the tool's schema requires, as an object; its strings may contain
    /// placeholders.
    pub(super) args: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptFault {
    pub(super) status: u16,
    pub(super) message: String,
}

/// All scripts.
#[derive(Debug, Clone)]
pub(super) struct ScriptBook {
    scripts: Vec<(&'static str, Script)>,
    pub(super) tour: Script,
    pub(super) echo: Script,
}

impl ScriptBook {
    /// Parses the built-in scripts; a test ensures that this succeeds.
    pub(super) fn built_in() -> Result<Self, toml::de::Error> {
        let scripts = FILES
            .iter()
            .map(|(name, text)| toml::from_str(text).map(|script| (*name, script)))
            .collect::<Result<Vec<(&'static str, Script)>, _>>()?;
        let (tour, echo) = (scripts[0].1.clone(), scripts[1].1.clone());
        Ok(Self {
            scripts,
            tour,
            echo,
        })
    }

    /// Returns the script whose keyword is `word`.
    pub(super) fn by_keyword(&self, word: &str) -> Option<&Script> {
        self.scripts
            .iter()
            .find(|(name, script)| script.help.is_some() && name.eq_ignore_ascii_case(word))
            .map(|(_, script)| script)
    }

    /// Returns the keywords as a markdown list.
    pub(super) fn keywords(&self) -> String {
        let items: Vec<String> = self
            .scripts
            .iter()
            .filter_map(|(name, script)| Some(format!("- `{name}`: {}", script.help.as_ref()?)))
            .collect();
        items.join("\n")
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[(&'static str, Script)] {
        &self.scripts
    }
}
