//! Looks at a session without leaving the one on the screen: its chat is drawn above, and takes the
//! keys, with all its rules about what is an answer and what is text.
//!
//! The session is opened as any other, which resumes no sandbox.

use super::OpenSession;
use crate::app::App;
use crate::app::action::{AppAction, ChatAction, ChatContext};
use crate::app::chat::ChatOutcome;
use crate::app::cx::Cx;
use crate::app::overlay::Overlay;
use crate::app::overlay::peek::Peek;
use crate::domain::id::SessionKey;
use crate::domain::session::activity::Activity;
use crate::domain::session::{SessionOrigin, SessionSpec};

impl App {
    /// The session that is looked at above the one on the screen.
    pub(in crate::app) fn peeked(&self) -> Option<&SessionKey> {
        match self.overlays.top() {
            Some(Overlay::Peek(peek)) => Some(peek.key()),
            _ => None,
        }
    }

    /// The session whose chat takes the keys.
    pub(in crate::app) fn keyed_session_mut(&mut self) -> Option<&mut OpenSession> {
        match self.peeked().cloned() {
            Some(key) => self.open.get_mut(&key),
            None => self.session_mut(),
        }
    }

    /// Looks at a session, opened if need be; its request takes the keys half a second from now on.
    pub(in crate::app) fn peek(&mut self, key: SessionKey, cx: &mut Cx<'_>) {
        if self.open.is_shown(&key) {
            return self.show(key, cx);
        }
        let is_for_it = self.open.get(&key).is_none();
        if is_for_it {
            let spec = SessionSpec {
                key: key.clone(),
                origin: SessionOrigin::Stored,
            };
            self.open_session(spec, cx);
        }
        if let Some(session) = self.open.get_mut(&key) {
            session.read();
            session.chat.appear(cx.now);
        }
        self.overlays.push(Overlay::Peek(Peek::at(key, is_for_it)));
    }

    /// Looks at the next session that needs the user, from the one under the cursor or on the screen.
    pub(in crate::app) fn peek_next(&mut self, cx: &mut Cx<'_>) {
        match self.all_sessions().next_waiting() {
            Some(key) => self.peek(key, cx),
            None => self.advise("no session needs you", cx),
        }
    }

    /// Performs an action of the chat while a session is looked at. What opens lists and the like needs
    /// the session on the screen.
    pub(in crate::app) fn act_peeked(&mut self, action: ChatAction, cx: &mut Cx<'_>) {
        let Some(session) = self.keyed_session_mut() else {
            return;
        };
        let is_writing = session.chat.context() == ChatContext::RequestInput;
        let outcome = match action {
            // Esc never stops the agent of a session that is only looked at.
            ChatAction::Stop if !is_writing => return self.leave_peek(cx),
            action => session.chat.update(action, cx),
        };
        self.peek_outcome(outcome, cx);
    }

    /// Handles what a chat wants that is only looked at.
    pub(in crate::app) fn peek_outcome(&mut self, outcome: Option<ChatOutcome>, cx: &mut Cx<'_>) {
        match outcome {
            None | Some(ChatOutcome::NothingToSend | ChatOutcome::Cleared) => {}
            Some(ChatOutcome::Notice(words)) => self.advise(words, cx),
            Some(ChatOutcome::Wake(commands)) => {
                if let Some(session) = self.keyed_session_mut() {
                    session.wake_for(commands, cx);
                }
            }
            Some(_) => {
                let key = self.key_of(AppAction::OpenPeeked);
                let words = crate::app::view::advice::key_does(&key, "opens the session", "");
                let words = format!("not possible while you peek: {words}");
                self.notify(words.trim_end_matches([' ', ':']), cx);
            }
        }
    }

    /// Ends a look without an answer: a session that was opened for it alone is closed again, unless it holds
    /// something of the user's.
    pub(in crate::app) fn leave_peek(&mut self, cx: &mut Cx<'_>) {
        let Some(Overlay::Peek(peek)) = self.overlays.top().cloned() else {
            return;
        };
        self.close_peek();
        let key = peek.key();
        let session = self.open.get(key).filter(|_| peek.is_for_it());
        let Some(session) = session.filter(|session| session.holds_nothing()) else {
            return;
        };
        let waits = session.chat.waits_for_you();
        self.open.close(key, cx);
        // Until its watcher has connected.
        if let Some(line) = waits {
            self.list.set_activity(key, Activity::NeedsYou(line));
        }
    }

    /// Ends the look; what was set aside in the composer comes back.
    pub(in crate::app) fn close_peek(&mut self) {
        if let Some(session) = self.keyed_session_mut() {
            session.chat.leave_request();
        }
        self.overlays.pop();
    }

    /// Shows the session that was looked at.
    pub(in crate::app) fn open_peeked(&mut self, cx: &mut Cx<'_>) {
        let Some(key) = self.peeked().cloned() else {
            return;
        };
        self.close_peek();
        self.show(key, cx);
    }

    /// Runs after each event: a look ends with the last answer, or with the session.
    pub(in crate::app) fn settle_peek(&mut self, cx: &mut Cx<'_>) {
        let Some(key) = self.peeked().cloned() else {
            return;
        };
        let waits = self.open.get(&key).map(|session| session.chat.needs_you());
        let is_over = match (waits, self.overlays.top_mut()) {
            (Some(waits), Some(Overlay::Peek(peek))) => peek.is_answered(waits),
            _ => true,
        };
        if is_over {
            self.close_peek();
            let name = self.list.name(&key);
            self.notify(format!("the request of {name} is over"), cx);
        }
    }
}
