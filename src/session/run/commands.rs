//! The effect of each command, with and without a connection: all of it is decided here.

use secrecy::SecretString;

use super::connection::Connection;
use super::outcome::{CommandOutcome, StopSession};
use super::prompt_delivery::DeliveryEvent;
use super::state::SessionState;
use crate::domain::failure::Failure;
use crate::domain::rule::Rule;
use crate::domain::sandbox::Phase;
use crate::domain::server::{ServerAnswer, ServerCommand};
use crate::domain::session::{CloseAction, CredentialRef, SessionCommand, SessionEvent};
use crate::session::failures;

/// Handles the commands that were sent to a session before it was asked to end.
pub(crate) async fn store_all(serving: &mut SessionState, commands: Vec<SessionCommand>) {
    if commands.is_empty() {
        return;
    }
    // Nothing is posted any more: what is stored waits.
    serving.deliver(DeliveryEvent::Disconnected).await;
    for command in commands {
        store(serving, command).await;
    }
}

/// Only what the user typed or decided for later still matters.
async fn store(serving: &mut SessionState, command: SessionCommand) {
    match command {
        SessionCommand::Prompt(prompt) => serving.send(prompt).await,
        SessionCommand::Unqueue(id) => serving.remove(id).await,
        SessionCommand::ReleaseQueue => serving.deliver(DeliveryEvent::Release).await,
        SessionCommand::SaveDraft(draft) => serving.recorder.draft(draft).await,
        SessionCommand::SaveChoice(choice) => serving.recorder.choice(choice).await,
        SessionCommand::AddRules { rules, here } => add_rules(serving, None, rules, here).await,
        SessionCommand::SetAuto(on) => serving.set_auto(on).await,
        SessionCommand::Pause
        | SessionCommand::Kill
        | SessionCommand::Reconnect
        | SessionCommand::Retry
        | SessionCommand::UsePassword(..)
        | SessionCommand::FindFiles(_)
        | SessionCommand::UseTemplate(_)
        | SessionCommand::Revive
        | SessionCommand::SendNow(_)
        | SessionCommand::Abort
        | SessionCommand::Undo(_)
        | SessionCommand::Redo
        | SessionCommand::Conversations(_)
        | SessionCommand::Server(_)
        | SessionCommand::Extend
        | SessionCommand::ReplyPermission { .. }
        | SessionCommand::ReplyQuestion { .. }
        | SessionCommand::LoadOlder
        | SessionCommand::LoadSubAgent(_)
        | SessionCommand::CountTools(_) => {}
    }
}

/// Handles a command. [`CommandOutcome::Retry`] asks the waiting caller to try now, or to replace the connection.
pub(crate) async fn handle(
    serving: &mut SessionState,
    connection: Option<&mut Connection>,
    command: SessionCommand,
) -> Result<CommandOutcome, StopSession> {
    match (command, connection) {
        (SessionCommand::Prompt(prompt), _) => serving.send(prompt).await,
        (SessionCommand::Unqueue(id), _) => serving.remove(id).await,
        (SessionCommand::ReleaseQueue, _) => serving.deliver(DeliveryEvent::Release).await,
        (SessionCommand::SaveDraft(draft), _) => serving.recorder.draft(draft).await,
        (SessionCommand::SaveChoice(choice), _) => serving.recorder.choice(choice).await,
        (SessionCommand::Pause, _) => return Err(StopSession(CloseAction::Pause)),
        (SessionCommand::Kill, _) => return Err(StopSession(CloseAction::Kill)),
        (SessionCommand::Reconnect, _) => {
            serving.context.woke().await;
            return Ok(CommandOutcome::Retry);
        }
        (SessionCommand::UsePassword(credential, password), link) => {
            let password = password.expose().into();
            return Ok(use_password(serving, link.is_none(), &credential, password));
        }
        // Nothing waits for a retry; the user types on without the files.
        (SessionCommand::Retry, Some(_))
        | (
            SessionCommand::FindFiles(_)
            | SessionCommand::LoadSubAgent(_)
            | SessionCommand::CountTools(_),
            None,
        ) => {}
        (SessionCommand::Retry, None) => return Ok(CommandOutcome::Retry),
        (SessionCommand::UseTemplate(_), Some(_)) => {
            serving.command_failed(failures::has_conversation()).await;
        }
        (SessionCommand::UseTemplate(template), None) => {
            return Ok(serving.use_template(template).await);
        }
        (SessionCommand::Revive, Some(_)) => return Ok(serving.revive_connected().await),
        (SessionCommand::Revive, None) => {
            serving.wants_revival();
            return Ok(CommandOutcome::Retry);
        }
        (SessionCommand::AddRules { rules, here }, link) => {
            add_rules(serving, link, rules, here).await;
        }
        (SessionCommand::SetAuto(on), link) => set_auto(serving, link, on).await,
        (SessionCommand::Server(command), None) => not_asked(serving, &command).await,
        (command, Some(connection)) => connected(serving, connection, command).await,
        (
            SessionCommand::SendNow(_)
            | SessionCommand::Abort
            | SessionCommand::Undo(_)
            | SessionCommand::Redo
            | SessionCommand::Conversations(_)
            | SessionCommand::Extend
            | SessionCommand::ReplyPermission { .. }
            | SessionCommand::ReplyQuestion { .. }
            | SessionCommand::LoadOlder,
            None,
        ) => not_connected(serving).await,
    }
    Ok(CommandOutcome::Done)
}

/// A waiting caller tries the password now; a connection that holds goes on with the one before.
fn use_password(
    serving: &SessionState,
    waits: bool,
    credential: &CredentialRef,
    password: SecretString,
) -> CommandOutcome {
    serving.context.use_password(credential, password);
    if waits {
        CommandOutcome::Retry
    } else {
        CommandOutcome::Done
    }
}

/// Some failures are shown where the answer would be.
async fn not_asked(serving: &SessionState, command: &ServerCommand) {
    let answer: fn(Failure) -> ServerAnswer = match command {
        ServerCommand::Status => ServerAnswer::StatusFailed,
        ServerCommand::Providers => ServerAnswer::ProvidersFailed,
        _ => return not_connected(serving).await,
    };
    let is_paused = serving.stored_phase().await == Some(Phase::Paused);
    let failure = answer(failures::not_connected(is_paused));
    serving.tell(SessionEvent::Server(failure)).await;
}

async fn not_connected(serving: &SessionState) {
    let is_paused = serving.stored_phase().await == Some(Phase::Paused);
    let failure = failures::not_connected(is_paused);
    serving.command_failed(failure).await;
}

/// Keeps rules; with a connection, they answer what waits.
async fn add_rules(
    serving: &mut SessionState,
    connection: Option<&mut Connection>,
    rules: Vec<Rule>,
    here: bool,
) {
    match (serving.add_rules(rules, here).await, connection) {
        (Ok(()), Some(connection)) => connection.answer_waiting(serving).await,
        (Ok(()), None) => {}
        (Err(failure), _) => serving.command_failed(failure).await,
    }
}

/// Switches auto mode; with a connection, it answers what waits.
async fn set_auto(serving: &mut SessionState, connection: Option<&mut Connection>, on: bool) {
    serving.set_auto(on).await;
    if let Some(connection) = connection {
        connection.answer_waiting(serving).await;
    }
}

/// Handles what needs a connection.
async fn connected(
    serving: &mut SessionState,
    connection: &mut Connection,
    command: SessionCommand,
) {
    match command {
        SessionCommand::SendNow(id) => serving.deliver(DeliveryEvent::SendNow(id)).await,
        SessionCommand::Abort => {
            serving.deliver(DeliveryEvent::Abort).await;
            connection.abort();
        }
        SessionCommand::Undo(prompt) => {
            if serving.delivery.is_busy() {
                serving.deliver(DeliveryEvent::Abort).await;
            }
            connection.undo(prompt);
        }
        SessionCommand::Redo => connection.redo(),
        SessionCommand::Conversations(command) => connection.conversations(serving, command),
        SessionCommand::Server(command) => connection.ask_server(command),
        SessionCommand::Extend => connection.extend(serving),
        SessionCommand::ReplyPermission { id, reply } => {
            serving.requests.answered_by_user(&id);
            connection.reply_permission(id, reply);
        }
        SessionCommand::ReplyQuestion { id, reply } => connection.reply_question(id, reply),
        SessionCommand::LoadOlder => connection.load_older(),
        SessionCommand::LoadSubAgent(id) => connection.load_sub_agent(id),
        SessionCommand::CountTools(id) => connection.count_tools(id),
        SessionCommand::FindFiles(query) => connection.find_files(query),
        // They need none.
        SessionCommand::Prompt(_)
        | SessionCommand::Unqueue(_)
        | SessionCommand::ReleaseQueue
        | SessionCommand::Retry
        | SessionCommand::UsePassword(..)
        | SessionCommand::Reconnect
        | SessionCommand::SaveDraft(_)
        | SessionCommand::SaveChoice(_)
        | SessionCommand::UseTemplate(_)
        | SessionCommand::Revive
        | SessionCommand::AddRules { .. }
        | SessionCommand::SetAuto(_)
        | SessionCommand::Pause
        | SessionCommand::Kill => {}
    }
}
