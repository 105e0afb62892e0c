//! Exports a conversation, as the server has it.
//!
//! `opencode import FILE` accepts the result: the same object that `opencode export` writes, made from the responses
//! of two calls. The import keeps all ids and moves the conversation to its current directory (observed on 1.18.33:
//! messages and the conversation's cost are preserved; the list of `GET /session/{id}/todo` and the answers "always"
//! are not).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{ApiCall, OpencodeClient, OpencodeError, read, read_exactly};
use crate::opencode::wire::message::{List, Message, MessageWithParts};
use crate::opencode::wire::session::Session;
use crate::opencode::wire::surrogates::repair_bytes;

/// A conversation with all its messages.
#[derive(Debug, Clone)]
pub struct Export {
    info: Box<RawValue>,
    /// Oldest first.
    messages: Vec<Exported>,
}

/// A message as received, with its parsed header.
#[derive(Debug, Clone)]
struct Exported {
    id: String,
    is_prompt: bool,
    raw: Box<RawValue>,
}

/// An element of `GET /session/{id}/message`, of which only the header is parsed.
#[derive(Deserialize)]
struct Header {
    info: Message,
}

impl Export {
    /// The newest prompt's id.
    pub fn last_prompt(&self) -> Option<&str> {
        let prompt = self.messages.iter().rfind(|message| message.is_prompt);
        prompt.map(|message| message.id.as_str())
    }

    /// Removes the newest prompt and everything after it: its turn is running.
    pub fn drop_last_turn(&mut self) {
        let last = self.messages.iter().rposition(|message| message.is_prompt);
        self.messages.truncate(last.unwrap_or(0));
    }

    /// The session and its messages as far as they can be read.
    pub fn read(&self) -> Option<(Session, Vec<MessageWithParts>)> {
        let info = serde_json::from_slice(&repair_bytes(self.info.get().as_bytes())).ok()?;
        let messages = self.messages.iter().filter_map(|message| {
            serde_json::from_slice(&repair_bytes(message.raw.get().as_bytes())).ok()
        });
        Some((info, messages.collect()))
    }

    /// `{"info": …, "messages": […]}`, both as received.
    pub fn json(&self) -> String {
        let messages = self.messages.iter().map(|message| message.raw.get());
        let messages: Vec<&str> = messages.collect();
        let info = self.info.get();
        format!("{{\"info\":{info},\"messages\":[{}]}}", messages.join(","))
    }
}

impl OpencodeClient {
    /// The conversations of the sub-agents that this one started.
    pub async fn children(&self, id: &str) -> Result<Vec<Session>, OpencodeError> {
        let path = ["session", id, "children"];
        let List(children) = self.fetch(&self.get("list the sub-agents", &path)).await?;
        Ok(children)
    }

    /// Fetches the whole conversation from the server.
    pub async fn export(&self, id: &str) -> Result<Export, OpencodeError> {
        let path = ["session", id];
        let call = self.get("get the session", &path);
        let (body, _) = self.request(&call, None::<&()>).await?;
        let info = read_exactly(&call, &body)?;
        // Without a limit it returns all messages.
        let path = ["session", id, "message"];
        let call = ApiCall {
            limit: self.limits.slow_call,
            ..self.get("get the messages", &path)
        };
        let (body, _) = self.request(&call, None::<&()>).await?;
        let messages: Vec<Box<RawValue>> = read_exactly(&call, &body)?;
        let messages = messages.into_iter().map(|raw| {
            let header: Header = read(&call, raw.get().as_bytes())?;
            Ok(Exported {
                is_prompt: header.info.role == "user",
                id: header.info.id,
                raw,
            })
        });
        let messages = messages.collect::<Result<Vec<Exported>, OpencodeError>>()?;
        Ok(Export { info, messages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_that_runs_is_left_out_and_the_rest_is_as_received() {
        let raw = |text: &str| serde_json::from_str::<Box<RawValue>>(text).unwrap();
        let message = |id: &str, is_prompt| Exported {
            id: id.to_owned(),
            is_prompt,
            raw: raw(&format!("{{ \"info\": \"{id}\" }}")),
        };
        let mut export = Export {
            info: raw("{ \"id\" : 1.0 }"),
            messages: vec![
                message("a", true),
                message("b", false),
                message("c", true),
                message("d", false),
            ],
        };

        assert_eq!(export.last_prompt(), Some("c"));
        export.drop_last_turn();

        assert_eq!(export.last_prompt(), Some("a"));
        let whole = r#"{"info":{ "id" : 1.0 },"messages":[{ "info": "a" },{ "info": "b" }]}"#;
        assert_eq!(export.json(), whole);
        export.drop_last_turn();
        export.drop_last_turn();
        assert_eq!(export.json(), r#"{"info":{ "id" : 1.0 },"messages":[]}"#);
    }
}
