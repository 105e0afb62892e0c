//! A session's OpenCode server for the driver: calls in domain types, failures in the user's words.
//!
//! It combines the client with the conversation and with the sandbox around the server, if there is one. Cheap to
//! clone; all clones share the same server. `conversations` are those beside the session's own, `changes` what was
//! changed in the work tree, `status` is what the server works with: MCP servers, language servers, formatters.

mod changes;
pub(in crate::session) mod conversations;
pub(in crate::session) mod status;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;

use super::context::timing::Timing;
use super::run::outcome::Disconnect;
use crate::domain::chat::{ChatEvent, PermissionReply, QuestionReply};
use crate::domain::failure::Failure;
use crate::domain::failure::advice::Advice;
use crate::domain::id::{MessageId, OpencodeSessionId, PermissionId, QuestionId, SandboxId};
use crate::domain::prompt::{PromptKind, split_command};
use crate::domain::sandbox::price::RunningSandbox;
use crate::domain::sandbox::{EngineKind, Phase};
use crate::domain::session::{CloseAction, Prompt};
use crate::domain::time::UnixMillis;
use crate::opencode::client::OpencodeClient;
use crate::opencode::error::OpencodeError;
use crate::session::chat::fetch::FetchScope;
use crate::session::chat::follow::{FollowRequest, follow};
use crate::session::chat::follow_end::FollowEnd;
use crate::session::chat::history::{HistoryCursor, PAGE};
use crate::session::chat::translate::parts;
use crate::session::chat::translate::prompts::{self, PostRequest};
use crate::session::chat::translate::requests;
use crate::session::chat::translate::turn;
use crate::session::chat::translate::turn::TurnState;
use crate::session::failures;
use crate::session::recorder::Recorder;
use crate::session::sandbox::{SandboxVerdict, SessionSandbox};

/// The most files of one search; more are not worth the way.
const FOUND_FILES: u32 = 100;

/// How often a turn that was stopped is awaited, and how long each time.
const STOPS: u32 = 100;
const STOPPING: Duration = Duration::from_millis(100);

#[derive(Debug, Clone)]
pub(crate) struct OpencodeServer {
    pub(in crate::session) client: OpencodeClient,
    pub(in crate::session) conversation: OpencodeSessionId,
    /// The conversation's directory on the server's machine.
    pub(in crate::session) directory: String,
    history: Arc<HistoryCursor>,
    /// The catalog of a server is delivered once, over all connections.
    has_catalog: Arc<AtomicBool>,
    /// `None`: somebody else runs the server.
    pub(in crate::session) sandbox: Option<SessionSandbox>,
}

impl OpencodeServer {
    /// `client` uses `directory` from here on.
    pub(crate) fn new(
        client: OpencodeClient,
        conversation: OpencodeSessionId,
        directory: String,
        sandbox: Option<SessionSandbox>,
    ) -> Self {
        let client = client.in_directory(&directory);
        Self {
            client,
            conversation,
            directory,
            history: Arc::default(),
            has_catalog: Arc::default(),
            sandbox,
        }
    }

    /// The next connection delivers the catalog again.
    pub(in crate::session) fn forget_catalog(&self) {
        self.has_catalog.store(false, Ordering::Relaxed);
    }

    /// Follows the conversation over one event stream.
    pub(crate) async fn follow(
        self,
        timing: Timing,
        after_gap: bool,
        news: mpsc::Sender<ChatEvent>,
    ) -> Disconnect {
        let what = FollowRequest {
            client: self.client,
            session: self.conversation,
            scope: FetchScope::Conversation,
            after_gap,
            timing,
            history: self.history,
            has_catalog: self.has_catalog,
        };
        let silence = what.timing.watchdog;
        match follow(what, news).await {
            FollowEnd::Ended => Disconnect::connection("the server closed the event stream"),
            FollowEnd::Stalled => Disconnect::Connection {
                reason: "the server stopped sending".to_owned(),
                least: Duration::ZERO,
                silence,
            },
            FollowEnd::ListenerGone => Disconnect::connection("nobody listens"),
            FollowEnd::Unauthorized if self.sandbox.is_none() => {
                Disconnect::Until(Phase::Failed(failures::password_changed()))
            }
            FollowEnd::Unauthorized => {
                let error = OpencodeError::Unauthorized {
                    operation: "follow the events",
                };
                Disconnect::Until(Phase::Failed(failures::opencode(&error)))
            }
            FollowEnd::SessionNotFound => Disconnect::Until(Phase::Failed(
                Failure::new("the server does not have this conversation")
                    .detail("it was deleted, or the server's data was")
                    .advise([Advice::NewSession]),
            )),
            FollowEnd::Http(error) if error.is_retryable() => Disconnect::Connection {
                reason: failures::opencode(&error).summary,
                least: error.retry_after().unwrap_or_default(),
                silence: Duration::ZERO,
            },
            // A server that answered before has not become another program: this is a page of a network on the way,
            // such as a captive portal, or a damaged response.
            FollowEnd::Http(
                error @ (OpencodeError::NotOpencode { .. } | OpencodeError::Unreadable { .. }),
            ) if after_gap => Disconnect::connection(failures::not_itself(&error)),
            // Whether the sandbox is really gone is asked of the control plane.
            FollowEnd::Http(OpencodeError::SandboxNotFound { .. }) if self.sandbox.is_some() => {
                Disconnect::connection("the sandbox does not answer")
            }
            FollowEnd::Http(error) => Disconnect::Until(Phase::Failed(failures::opencode(&error))),
        }
    }

    /// Waits until the server's process has exited; forever if it is not ours.
    pub(crate) async fn process_ended(&self) -> Phase {
        match &self.sandbox {
            Some(sandbox) => Phase::Failed(sandbox.process_ended().await),
            None => std::future::pending().await,
        }
    }

    /// Sets the sandbox's timeout from now on, or as much of it as the account's plan allows; `None` if its life has
    /// no limit.
    pub(crate) async fn live_for(self, ttl: Duration) -> Result<Option<UnixMillis>, Failure> {
        match self.with_limited_life() {
            Some(sandbox) => sandbox.live_for(ttl).await.map(Some),
            None => Ok(None),
        }
    }

    /// The longest sandbox lifetime that the account's plan allows, once known.
    pub(crate) fn longest_life(&self) -> Option<Duration> {
        self.sandbox.as_ref()?.engine.control.longest_life()
    }

    /// When the sandbox times out; `None` if its life has no limit.
    pub(crate) async fn ends_at(self) -> Result<Option<UnixMillis>, Failure> {
        match self.with_limited_life() {
            Some(sandbox) => sandbox.ends_at().await.map(Some),
            None => Ok(None),
        }
    }

    /// Since when the sandbox runs, and how large it is; `None` if unknown.
    pub(crate) async fn run(&self) -> Option<(SandboxId, RunningSandbox)> {
        let sandbox = self.sandbox.as_ref()?;
        Some((sandbox.id().into(), sandbox.run().await?))
    }

    fn with_limited_life(self) -> Option<SessionSandbox> {
        self.sandbox
            .filter(|sandbox| sandbox.engine.kind == EngineKind::E2b)
    }

    /// Asks what became of the sandbox after the connection was lost.
    pub(crate) async fn verdict(&self) -> SandboxVerdict {
        let Some(sandbox) = &self.sandbox else {
            return SandboxVerdict::Runs;
        };
        let verdict = sandbox.verdict().await;
        if !matches!(verdict, SandboxVerdict::Over(_)) {
            sandbox.doubt_process();
        }
        verdict
    }

    /// Closes the sandbox as `closing` says; returns its phase if that changed.
    pub(crate) async fn close(&self, recorder: &Recorder, closing: CloseAction) -> Option<Phase> {
        self.sandbox.as_ref()?.close(recorder, closing).await
    }

    /// Posts a prompt. The flag with a failure says that the server refused it; otherwise it may never have arrived.
    pub(crate) async fn prompt(&self, prompt: &Prompt) -> Result<(), (Failure, bool)> {
        let id = self.conversation.as_str();
        let kind = self.kind_of(prompt).await?;
        let sent = match prompts::request(prompt, kind, &self.directory) {
            PostRequest::Message(body) => {
                let sent = self.client.prompt_async(id, &body).await;
                return sent.map_err(|error| (failures::opencode(&error), !error.is_retryable()));
            }
            PostRequest::Command(body) => self.client.run_command(id, &body).await,
            PostRequest::Shell(body) => self.client.run_shell(id, &body).await,
        };
        sent.map_err(|error| {
            // The server itself answered; a proxy's own answers are 502 and above.
            let refused = error.status().is_some_and(|status| status < 502);
            (failures::opencode(&error), refused || !error.is_retryable())
        })
    }

    /// How the server takes the prompt, now that it can be asked for its commands.
    async fn kind_of(&self, prompt: &Prompt) -> Result<PromptKind, (Failure, bool)> {
        if prompt.kind != PromptKind::CommandIfKnown {
            return Ok(prompt.kind);
        }
        let commands = self.client.commands().await;
        let commands =
            commands.map_err(|error| (failures::opencode(&error), !error.is_retryable()))?;
        let (name, _) = split_command(&prompt.text).unwrap_or_default();
        let is_known = commands.iter().any(|command| command.name == name);
        Ok(if is_known {
            PromptKind::Command
        } else {
            PromptKind::Message
        })
    }

    /// Paths that resemble the query; of a directory, all that is in it.
    pub(crate) async fn find_files(self, query: &str) -> Option<Vec<String>> {
        let found = self.client.find_files(query, FOUND_FILES);
        let Some(directory) = query.strip_suffix('/') else {
            return found.await.ok();
        };
        let listed = self.client.list_files(directory).await;
        let mut listed = listed.unwrap_or_default();
        listed.retain(|file| !file.ignored && file.path != ".git");
        if listed.is_empty() {
            return found.await.ok();
        }
        let listed = listed.into_iter().map(|file| match file.kind.as_str() {
            "directory" => format!("{}/", file.path.trim_end_matches('/')),
            _ => file.path,
        });
        Some(listed.collect())
    }

    pub(crate) async fn abort(self) -> Result<(), Failure> {
        let aborted = self.client.abort(self.conversation.as_str()).await;
        aborted.map_err(|error| failures::opencode(&error))
    }

    /// Undoes a prompt and all that follows it, after stopping a turn that runs; returns the prompt as it can be sent
    /// again.
    pub(crate) async fn undo(self, prompt: &MessageId) -> Result<Prompt, Failure> {
        let id = self.conversation.as_str();
        let known = self.client.message(id, prompt.as_str()).await;
        let known = known.map_err(|error| failures::opencode(&error))?;
        let mut tries = 0;
        loop {
            match self.client.revert(id, prompt.as_str()).await {
                Err(error) if error.status() == Some(409) && tries < STOPS => {
                    if tries == 0 {
                        self.clone().abort().await?;
                    }
                    tries += 1;
                    tokio::time::sleep(STOPPING).await;
                }
                Err(error) => return Err(failures::opencode(&error)),
                Ok(()) => return Ok(prompts::composed(known, &self.directory)),
            }
        }
    }

    /// Brings back what is undone.
    pub(crate) async fn redo(self) -> Result<(), Failure> {
        let redone = self.client.unrevert(self.conversation.as_str()).await;
        redone.map_err(|error| failures::opencode(&error))
    }

    pub(crate) async fn reply_permission(
        self,
        id: PermissionId,
        reply: PermissionReply,
    ) -> Result<(), Failure> {
        let reply = requests::permission_reply(reply);
        answered(self.client.reply_permission(id.as_str(), &reply).await)
    }

    pub(crate) async fn reply_question(
        self,
        id: QuestionId,
        reply: QuestionReply,
    ) -> Result<(), Failure> {
        answered(match reply {
            QuestionReply::Answer(answers) => {
                self.client.reply_question(id.as_str(), &answers).await
            }
            QuestionReply::Reject => self.client.reject_question(id.as_str()).await,
        })
    }

    pub(crate) async fn older(self) -> Result<ChatEvent, Failure> {
        let id = self.conversation.as_str();
        let page = self
            .history
            .load_older(&self.client, id, &self.directory)
            .await;
        page.map_err(|error| failures::opencode(&error))
    }

    /// The newest messages of a sub-agent's conversation.
    pub(crate) async fn sub_agent(self, id: OpencodeSessionId) -> Result<ChatEvent, Failure> {
        let page = self.client.messages(id.as_str(), PAGE, None).await;
        let mut page = page.map_err(|error| failures::opencode(&error))?;
        // No older ones can be asked for.
        page.older = None;
        let page = parts::older(page, &self.directory);
        Ok(ChatEvent::SubAgent(id, Box::new(page)))
    }

    /// How many tools a sub-agent has called.
    pub(crate) async fn tools_of(self, id: OpencodeSessionId) -> Result<usize, OpencodeError> {
        let (mut tools, mut before) = (0, None::<String>);
        loop {
            let older = before.as_deref();
            let page = self.client.messages(id.as_str(), PAGE, older).await?;
            let older = page.older.clone();
            tools += parts::tools_in(page, &self.directory);
            match older {
                Some(older) => before = Some(older),
                None => return Ok(tools),
            }
        }
    }

    /// What became of a prompt that the server accepted; `None` if it could not be asked.
    pub(crate) async fn turn_of(&self, prompt: &MessageId) -> Option<TurnState> {
        let id = self.conversation.as_str();
        let statuses = self.client.statuses().await.ok()?;
        let page = self.client.messages(id, PAGE, None).await.ok()?;
        Some(turn::of(&statuses, &page, id, prompt))
    }
}

/// A request that is no longer pending was answered elsewhere, or its turn is over: no failure.
fn answered(result: Result<(), OpencodeError>) -> Result<(), Failure> {
    match result {
        Err(error) if error.status() == Some(404) => Ok(()),
        other => other.map_err(|error| failures::opencode(&error)),
    }
}
