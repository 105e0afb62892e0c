//! Stores favourite and recent models, recent actions, and the agent, model and variant of each session.

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::choice::PromptChoiceRow;
use super::values::{from_json, integer, to_json};
use super::{Store, StoreError};
use crate::domain::chat::ModelRef;
use crate::domain::id::SessionKey;
use crate::domain::preferences::{PreferenceChange, Preferences, PromptChoice};
use crate::domain::time::UnixMillis;

const FAVOURITE: &str = "favourite_model";
const CHOSEN: &str = "recent_model";
const RUN: &str = "recent_action";
const SIDE_BY_SIDE: &str = "changes_side_by_side";

/// Recent names of a kind that are kept.
const KEPT: i64 = 20;

impl Store {
    pub async fn preferences(&self) -> Result<Preferences, StoreError> {
        self.read("read the preferences", |conn| {
            let models = |names: Vec<String>| names.iter().filter_map(|name| model(name)).collect();
            let mut favourites = names(conn, FAVOURITE)?;
            favourites.reverse();
            Ok(Preferences {
                favourite_models: models(favourites),
                recent_models: models(names(conn, CHOSEN)?),
                recent_actions: names(conn, RUN)?,
                side_by_side: !names(conn, SIDE_BY_SIDE)?.is_empty(),
            })
        })
        .await
    }

    /// Remembers a change, made at `at`. Durable.
    pub async fn remember(
        &self,
        change: PreferenceChange,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.write_durably("save a preference", move |db| {
            let (kind, name, is_on) = match change {
                PreferenceChange::Favourite(model, on) => (FAVOURITE, name_of(&model), on),
                PreferenceChange::ModelChosen(model) => (CHOSEN, name_of(&model), true),
                PreferenceChange::ActionRun(name) => (RUN, name, true),
                PreferenceChange::SideBySide(on) => (SIDE_BY_SIDE, "on".to_owned(), on),
            };
            if is_on {
                note(&db.conn, (kind, &name), at)
            } else {
                let sql = "DELETE FROM preferences WHERE kind = ?1 AND name = ?2";
                db.conn.prepare_cached(sql)?.execute([kind, &name])?;
                Ok(())
            }
        })
        .await
    }

    /// What answers the next prompts; nothing is chosen in a session that is not known.
    pub async fn prompt_choice(&self, key: &SessionKey) -> Result<PromptChoice, StoreError> {
        let key = key.clone();
        self.read("read the chosen agent and model", move |conn| {
            let sql = "SELECT json FROM prompt_choices WHERE session = ?1";
            let json: Option<String> = conn
                .prepare_cached(sql)?
                .query_row([key.as_str()], |row| row.get(0))
                .optional()?;
            let row: Option<PromptChoiceRow> = json.and_then(|json| from_json(&json));
            Ok(row.unwrap_or_default().into())
        })
        .await
    }

    /// Durable; the session need not be stored yet.
    pub async fn set_prompt_choice(
        &self,
        key: &SessionKey,
        choice: &PromptChoice,
    ) -> Result<(), StoreError> {
        let key = key.clone();
        let row = PromptChoiceRow::from(choice.clone());
        self.write_durably("save the chosen agent and model", move |db| {
            let json = to_json(&row)?;
            let sql = "INSERT OR REPLACE INTO prompt_choices (session, json) VALUES (?1, ?2)";
            db.conn
                .prepare_cached(sql)?
                .execute([key.as_str(), &json])?;
            Ok(())
        })
        .await
    }
}

/// The newest first.
fn names(conn: &Connection, kind: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM preferences WHERE kind = ?1 ORDER BY at DESC, rowid DESC";
    let mut found = conn.prepare_cached(sql)?;
    found.query_map([kind], |row| row.get(0))?.collect()
}

/// The name is now the newest of its kind; the oldest are forgotten, but no favourite is.
fn note(conn: &Connection, (kind, name): (&str, &str), at: UnixMillis) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO preferences (kind, name, at) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(sql)?
        .execute(params![kind, name, integer(at.0)])?;
    if kind == FAVOURITE {
        return Ok(());
    }
    let sql = "DELETE FROM preferences WHERE kind = ?1 AND name NOT IN (
        SELECT name FROM preferences WHERE kind = ?1 ORDER BY at DESC, rowid DESC LIMIT ?2)";
    conn.prepare_cached(sql)?.execute(params![kind, KEPT])?;
    Ok(())
}

fn name_of(model: &ModelRef) -> String {
    format!("{}/{}", model.provider, model.model)
}

/// No provider has a slash in its name; models may.
fn model(name: &str) -> Option<ModelRef> {
    let (provider, model) = name.split_once('/')?;
    Some(ModelRef {
        provider: provider.to_owned(),
        model: model.to_owned(),
    })
}
