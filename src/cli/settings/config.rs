//! `sandbar config`: the effective values, and where each came from. Secrets are dots.

use serde_json::json;

use crate::cli::args::{GlobalOptions, JsonArgs};
use crate::cli::lookup::FORMAT;
use crate::cli::ls::aligned;
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::cli::setup::keyring;
use crate::config::Env;

pub(in crate::cli) fn config(
    options: &GlobalOptions,
    args: &JsonArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let mut config = setup::config(options, env)?;
    let names = keyring::all(&config);
    runtime()?.block_on(keyring::complete(&mut config, &names));
    setup::keymap(&config)?;
    let file = &config.paths.config_file;
    let rows = config.report();
    if args.json {
        let mut values = vec![json!({
            "v": FORMAT, "type": "file", "path": file.to_string_lossy(), "exists": file.exists(),
        })];
        values.extend(rows.iter().map(|row| {
            json!({
                "v": FORMAT, "type": "setting", "name": row.name, "value": row.value,
                "source": row.source.to_string(),
            })
        }));
        return report::json(&values);
    }
    let there = if file.exists() { "" } else { " (not there)" };
    report::line(format!("{}{there}\n", file.display()))?;
    let lines: Vec<[String; 3]> = rows
        .into_iter()
        .map(|row| {
            let value = if row.value.is_empty() {
                "-".to_owned()
            } else {
                row.value
            };
            [row.name, row.source.to_string(), value]
        })
        .collect();
    report::line(aligned(&lines).trim_end())
}
