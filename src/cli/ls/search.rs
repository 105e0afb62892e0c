//! `sandbar search`: the texts of all stored sessions, from the store alone.

use serde_json::{Value, json};

use super::age;
use crate::cli::args::{GlobalOptions, SearchArgs};
use crate::cli::lookup::{FORMAT, SessionLookup};
use crate::cli::report::{self, CommandError};
use crate::cli::runtime;
use crate::cli::setup;
use crate::config::Env;
use crate::domain::failure::Failure;
use crate::domain::session::text_search::{FoundText, FoundTexts};
use crate::domain::time::UnixMillis;
use crate::session::context::wall;
use crate::store::StoreError;
use crate::text::visible_bytes::visible_line;
use crate::text::wrap;

/// The columns of a text, where nothing else is known.
const COLUMNS: usize = 120;

pub(in crate::cli) fn search(
    options: &GlobalOptions,
    args: &SearchArgs,
    env: &Env,
) -> Result<(), CommandError> {
    let config = setup::config(options, env)?;
    let query = args.words.join(" ");
    let found = runtime()?.block_on(async {
        let lookup = SessionLookup::open(&config, env).await?;
        let store = lookup.store();
        store.index_texts().await.map_err(|error| failed(&error))?;
        let found = store.search_texts(query).await;
        found.map_err(|error| failed(&error))
    })?;
    print(&found, args.json)
}

fn failed(error: &StoreError) -> CommandError {
    let failure = Failure::new("the stored conversations could not be searched");
    failure.detail(error.to_string()).into()
}

fn print(found: &FoundTexts, as_json: bool) -> Result<(), CommandError> {
    if as_json {
        let texts: Vec<Value> = found.texts.iter().map(value).collect();
        return report::json(&texts);
    }
    if found.texts.is_empty() {
        report::progress("no message has all of these words");
        return Ok(());
    }
    report::line(lines(&found.texts, wall()).trim_end())?;
    if found.more {
        report::progress("not all matches are shown; add words to narrow the search");
    }
    Ok(())
}

fn value(text: &FoundText) -> Value {
    let matches = text.snippet.iter().filter(|piece| piece.is_match);
    json!({
        "v": FORMAT, "type": "text", "name": text.name, "author": text.whose.name(),
        "at": text.at.0, "message": text.message.as_str(), "part": text.part.as_str(),
        "snippet": snippet(text), "matches": matches.map(|piece| &piece.text).collect::<Vec<_>>(),
    })
}

fn snippet(text: &FoundText) -> String {
    let pieces = text.snippet.iter().map(|piece| piece.text.as_str());
    pieces.collect::<String>().trim().to_owned()
}

/// A line for each text: session, whose it is, how old, and the place.
fn lines(texts: &[FoundText], now: UnixMillis) -> String {
    let names = texts
        .iter()
        .map(|text| wrap::width(&visible_line(&text.name)));
    let name_width = names.max().unwrap_or(0);
    let mut lines = String::new();
    for text in texts {
        let name = visible_line(&text.name);
        let gap = " ".repeat(name_width - wrap::width(&name));
        let (whose, age) = (text.whose.name(), age(now.since(text.at)));
        let head = format!("{name}{gap}  {whose:6}  {age:>10}  ");
        let room = COLUMNS.saturating_sub(wrap::width(&head)).max(40);
        let place = snippet(text);
        let place = visible_line(&place);
        lines.push_str(&head);
        lines.push_str(&wrap::truncate(&place, room));
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::text_search::{SnippetPiece, TextAuthor};

    fn found(name: &str, hours: u64, text: &str) -> FoundText {
        FoundText {
            session: "key".into(),
            name: name.to_owned(),
            message: "msg_1".into(),
            part: "prt_1".into(),
            whose: TextAuthor::Agent,
            at: UnixMillis(1_000_000_000 - hours * 3_600_000),
            snippet: vec![
                SnippetPiece {
                    text: "… all of the ".to_owned(),
                    is_match: false,
                },
                SnippetPiece {
                    text: text.to_owned(),
                    is_match: true,
                },
            ],
        }
    }

    #[test]
    fn each_text_is_one_line_whatever_is_in_it() {
        let texts = [
            found("fix-login", 2, "retries\u{1b}[31m"),
            found("漢字", 50, &"long ".repeat(60)),
        ];

        insta::assert_snapshot!(lines(&texts, UnixMillis(1_000_000_000)));
    }

    #[test]
    fn json_has_the_place_and_the_matches() {
        let value = value(&found("fix-login", 2, "retries"));

        assert_eq!(value["snippet"], "… all of the retries");
        assert_eq!(value["matches"], json!(["retries"]));
        assert_eq!(value["name"], "fix-login");
    }
}
