//! The calls about conversations: the list, forks, titles, summaries, sharing.

use futures::future::FutureExt as _;

use super::state::{CallResult, Connection};
use crate::domain::chat::Conversation;
use crate::domain::failure::Failure;
use crate::domain::id::SessionKey;
use crate::domain::session::{
    ConversationAnswer, ConversationBeside, ConversationCommand, Prompt, SessionEvent,
};
use crate::session::context::wall;
use crate::session::recorder::Recorder;
use crate::session::run::state::SessionState;
use crate::session::server::OpencodeServer;

impl Connection {
    pub(crate) fn conversations(&self, serving: &SessionState, command: ConversationCommand) {
        let call = call(self.server.clone(), serving.recorder.clone(), command);
        let told = call.map(|answer| match answer {
            Ok(answer) => CallResult::Tell(SessionEvent::Conversations(answer)),
            Err(failure) => CallResult::Failed(failure),
        });
        self.calls.push(told.boxed());
    }
}

async fn call(
    server: OpencodeServer,
    recorder: Recorder,
    command: ConversationCommand,
) -> Result<ConversationAnswer, Failure> {
    Ok(match command {
        ConversationCommand::List => ConversationAnswer::Listed(server.conversations().await?),
        ConversationCommand::Open { conversation, key } => {
            let opened = server.conversation(&conversation).await?;
            beside(&recorder, key, opened, None).await?
        }
        ConversationCommand::New { key } => {
            let begun = server.new_conversation().await?;
            beside(&recorder, key, begun, None).await?
        }
        ConversationCommand::Fork { before, key } => {
            let (forked, prompt) = server.fork(before.as_ref()).await?;
            beside(&recorder, key, forked, prompt).await?
        }
        ConversationCommand::Rename {
            conversation,
            title,
        } => {
            server.rename(&conversation, title).await?;
            ConversationAnswer::Renamed
        }
        ConversationCommand::Delete(conversation) => {
            server.delete(&conversation).await?;
            ConversationAnswer::Deleted(conversation)
        }
        ConversationCommand::Compact(model) => {
            server.compact(&model).await?;
            ConversationAnswer::Compacted
        }
        ConversationCommand::Export(format) => {
            ConversationAnswer::Exported(Box::new(server.export(format).await?))
        }
        ConversationCommand::Share => ConversationAnswer::Shared(server.share().await?),
        ConversationCommand::Unshare => {
            server.unshare().await?;
            ConversationAnswer::Shared(None)
        }
    })
}

async fn beside(
    recorder: &Recorder,
    key: SessionKey,
    conversation: Conversation,
    prompt: Option<Prompt>,
) -> Result<ConversationAnswer, Failure> {
    let stored = recorder
        .add_sibling(key.clone(), &conversation, wall())
        .await?;
    let beside = ConversationBeside {
        // One that has a session already keeps it.
        key: stored.as_ref().map_or(key, |stored| stored.key.clone()),
        conversation: conversation.id,
        stored,
        prompt,
    };
    Ok(ConversationAnswer::Beside(Box::new(beside)))
}
