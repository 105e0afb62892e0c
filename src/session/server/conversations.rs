//! The conversations of a session's server, in domain types, failures in the user's words.

use std::collections::HashMap;

use futures::future;

use crate::domain::chat::{Conversation, ModelRef, TurnStatus};
use crate::domain::failure::Failure;
use crate::domain::id::{MessageId, OpencodeSessionId};
use crate::domain::session::activity::Activity;
use crate::domain::session::{ExportFormat, ExportedConversation, ListedConversation, Prompt};
use crate::opencode::error::OpencodeError;
use crate::session::chat::translate::{parts, prompts};
use crate::session::failures;
use crate::session::server::OpencodeServer;
use crate::session::watch::activity;

/// The directories whose statuses are asked for: the server starts itself in each one that it does not know yet.
const DIRECTORIES: usize = 8;

/// The working conversations that are asked what they wait for.
const BUSY: usize = 16;

impl OpencodeServer {
    /// All conversations but those of sub-agents, last used first; of somebody else's server those of the whole
    /// project, with what each does.
    pub(crate) async fn conversations(&self) -> Result<Vec<ListedConversation>, Failure> {
        let is_attached = self.sandbox.is_none();
        let listed = told(if is_attached {
            self.client.sessions_of_project().await
        } else {
            self.client.sessions().await
        })?;
        let own = listed.into_iter();
        let own =
            own.filter(|session| session.parent_id.is_none() && session.time.archived.is_none());
        let mut own: Vec<Conversation> = own.map(parts::conversation).collect();
        own.sort_by_key(|conversation| std::cmp::Reverse(conversation.updated));
        let mut activities = if is_attached {
            self.activities(&own).await
        } else {
            HashMap::new()
        };
        let listed = own.into_iter().map(|conversation| ListedConversation {
            activity: activities.remove(&conversation.id),
            conversation,
        });
        Ok(listed.collect())
    }

    /// What the conversations do, as far as the server says it soon. Its statuses are by directory: those of the
    /// directories used last are asked for, and then only what works is asked for more.
    async fn activities(
        &self,
        conversations: &[Conversation],
    ) -> HashMap<OpencodeSessionId, Activity> {
        let mut directories = vec![self.directory.clone()];
        for Conversation { directory, .. } in conversations {
            if directories.len() < DIRECTORIES && !directories.contains(directory) {
                directories.push(directory.clone());
            }
        }
        let asked = directories.into_iter().map(|directory| {
            let client = self.client.clone().in_directory(&directory);
            async move {
                let statuses = client.statuses().await.ok()?;
                Some((client, directory, statuses))
            }
        });
        let statuses = future::join_all(asked).await;
        let mut activities = HashMap::new();
        let mut busy = Vec::new();
        for (client, directory, statuses) in statuses.into_iter().flatten() {
            let here = conversations.iter();
            for Conversation { id, .. } in here.filter(|one| one.directory == directory) {
                let status = statuses.get(id.as_str()).cloned().map(parts::status);
                let is_idle = status.is_none_or(|status| status == TurnStatus::Idle);
                if !is_idle {
                    busy.push((client.clone(), id.clone()));
                }
                let does = if is_idle {
                    Activity::Idle
                } else {
                    Activity::Working
                };
                activities.insert(id.clone(), does);
            }
        }
        busy.truncate(BUSY);
        let asked = busy.into_iter().map(|(client, id)| async move {
            let told = activity::ask(&client, id.as_str()).await.ok()?;
            Some((id, told))
        });
        activities.extend(future::join_all(asked).await.into_iter().flatten());
        activities
    }

    pub(crate) async fn conversation(
        &self,
        id: &OpencodeSessionId,
    ) -> Result<Conversation, Failure> {
        told(self.client.session(id.as_str()).await).map(parts::conversation)
    }

    pub(crate) async fn new_conversation(&self) -> Result<Conversation, Failure> {
        let begun = self.client.new_session().await;
        told(begun).map(parts::conversation)
    }

    /// Copies the conversation into a new one; with the prompt that is the first one left out.
    pub(crate) async fn fork(
        &self,
        before: Option<&MessageId>,
    ) -> Result<(Conversation, Option<Prompt>), Failure> {
        let id = self.conversation.as_str();
        let prompt = match before {
            Some(message) => {
                let known = told(self.client.message(id, message.as_str()).await)?;
                Some(prompts::composed(known, &self.directory))
            }
            None => None,
        };
        let before = before.map(MessageId::as_str);
        let forked = told(self.client.fork(id, before).await)?;
        Ok((parts::conversation(forked), prompt))
    }

    pub(crate) async fn rename(
        &self,
        id: &OpencodeSessionId,
        title: String,
    ) -> Result<(), Failure> {
        told(self.client.rename_session(id.as_str(), title).await)
    }

    pub(crate) async fn delete(&self, id: &OpencodeSessionId) -> Result<(), Failure> {
        told(self.client.delete_session(id.as_str()).await)
    }

    pub(crate) async fn compact(&self, model: &ModelRef) -> Result<(), Failure> {
        let id = self.conversation.as_str();
        told(
            self.client
                .summarize(id, &model.provider, &model.model)
                .await,
        )
    }

    /// All of the conversation.
    pub(crate) async fn export(
        &self,
        format: ExportFormat,
    ) -> Result<ExportedConversation, Failure> {
        let export = told(self.client.export(self.conversation.as_str()).await)?;
        let Some((session, messages)) = export.read() else {
            return Err(Failure::new("the conversation cannot be read"));
        };
        let messages = messages.into_iter();
        Ok(ExportedConversation {
            format,
            conversation: parts::conversation(session),
            messages: messages
                .map(|message| parts::with_parts(message, &self.directory))
                .collect(),
            json: export.json(),
        })
    }

    /// The address under which it is shared; `None` if the server tells none.
    pub(crate) async fn share(&self) -> Result<Option<String>, Failure> {
        let shared = told(self.client.share(self.conversation.as_str()).await)?;
        Ok(shared
            .share
            .map(|share| share.url)
            .filter(|url| !url.is_empty()))
    }

    pub(crate) async fn unshare(&self) -> Result<(), Failure> {
        told(self.client.unshare(self.conversation.as_str()).await)
    }
}

fn told<T>(answer: Result<T, OpencodeError>) -> Result<T, Failure> {
    answer.map_err(|error| failures::opencode(&error))
}
