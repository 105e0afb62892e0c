//! The demo model drives the real server through everything that it documents.

use std::time::Duration;

use sandbar::demo::{Pace, provider_config, serve_at};
use sandbar::net::http::Http;
use sandbar::opencode::client::{CallLimits, OpencodeClient, ServerAddress};
use sandbar::opencode::events::EventStream;
use sandbar::opencode::wire::event::Event;
use sandbar::opencode::wire::message::{PartInput, PromptRequest};
use sandbar::opencode::wire::part::PartBody;
use sandbar::opencode::wire::session::{
    CreateSession, PermissionAction, PermissionReply, PermissionRule, ReplyWord, Session,
};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::http::plain_options;
use crate::support::opencode::OpenCode;

const DEADLINE: Duration = Duration::from_mins(1);

/// The real server with the demo model, one conversation, and its events.
struct Conversation {
    client: OpencodeClient,
    events: EventStream,
    session: Session,
    server: OpenCode,
}

/// The result of a turn, in order.
#[derive(Debug, Default)]
struct Turn {
    permissions: Vec<String>,
    questions: usize,
    /// Name and status.
    tools: Vec<(String, String)>,
    diffs: usize,
    text: String,
    thought: bool,
}

impl Conversation {
    async fn start(permission: Vec<PermissionRule>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(serve_at(Pace::Instant, listener, CancellationToken::new()));
        let config = provider_config(&url).to_string();
        let server = tokio::task::spawn_blocking(move || OpenCode::start_with(&config));
        let server = server.await.unwrap();
        let limits = CallLimits {
            call: DEADLINE,
            slow_call: DEADLINE,
            health: DEADLINE,
        };
        let address = ServerAddress {
            base_url: server.url().to_owned(),
            user: None,
            password: Some(SecretString::from(server.password())),
            headers: Vec::new(),
            directory: Some(server.work_tree().display().to_string()),
        };
        let http = Http::new(&plain_options()).unwrap();
        let client = OpencodeClient::new(http, &address, limits).unwrap();
        let mut events = EventStream::open(&client).unwrap();
        assert_eq!(events.next(DEADLINE).await.unwrap(), Event::Connected);
        let create = CreateSession {
            title: None,
            permission,
        };
        let session = client.create_session(&create).await.unwrap();
        Self {
            client,
            events,
            session,
            server,
        }
    }

    /// Sends a prompt, answers every request, and returns when the turn is over.
    async fn turn(&mut self, prompt: &str) -> Turn {
        let request = PromptRequest {
            message_id: "msg_test".to_owned(),
            parts: vec![PartInput::Text {
                id: "prt_test".to_owned(),
                text: prompt.to_owned(),
            }],
            model: None,
            agent: None,
            variant: None,
        };
        let id = self.session.id.clone();
        self.client.prompt_async(&id, &request).await.unwrap();
        let turn = tokio::time::timeout(DEADLINE, self.until_idle()).await;
        turn.unwrap_or_else(|_| panic!("the turn does not end:\n{}", self.server.output()))
    }

    async fn until_idle(&mut self) -> Turn {
        let mut turn = Turn::default();
        loop {
            match self.events.next(DEADLINE).await.unwrap() {
                Event::Idle { session_id } if session_id == self.session.id => return turn,
                Event::PermissionAsked(request) => {
                    let once = PermissionReply {
                        reply: ReplyWord::Once,
                        message: None,
                    };
                    self.client
                        .reply_permission(&request.id, &once)
                        .await
                        .unwrap();
                    turn.permissions.push(request.permission);
                }
                Event::QuestionAsked(request) => {
                    let answers = vec![vec!["Ahoy".to_owned()]; request.questions.len()];
                    self.client
                        .reply_question(&request.id, &answers)
                        .await
                        .unwrap();
                    turn.questions += 1;
                }
                Event::PartUpdated { part, .. } => turn.see(part.body),
                _ => {}
            }
        }
    }
}

impl Turn {
    fn see(&mut self, body: PartBody) {
        match body {
            PartBody::Tool(call)
                if ["completed", "error"].contains(&call.state.status.as_str()) =>
            {
                self.diffs += usize::from(call.state.metadata.diff.is_some());
                self.tools.push((call.tool, call.state.status));
            }
            PartBody::Text { text, .. } => self.text.push_str(&text),
            PartBody::Reasoning { text, .. } => self.thought |= !text.is_empty(),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_asks_writes_runs_and_edits_for_real() {
    let mut conversation = Conversation::start(Vec::new()).await;

    let turn = conversation.turn("show me around").await;

    let tools = ["question", "write", "bash", "read", "edit"];
    let completed = tools.map(|tool| (tool.to_owned(), "completed".to_owned()));
    assert_eq!(turn.tools, completed, "{turn:?}");
    assert_eq!(turn.permissions, ["external_directory"]);
    assert_eq!((turn.questions, turn.diffs), (1, 1));
    assert!(turn.thought && turn.text.contains("## Summary"), "{turn:?}");
    let script = conversation.server.work_tree().join("sandbar-demo.sh");
    let script = std::fs::read_to_string(script).unwrap();
    assert!(
        script.contains("greeting=\"Ahoy\"") && script.contains("6 7 8"),
        "{script}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_ends_where_every_change_is_asked_for_too() {
    let ask = ["bash", "edit", "webfetch"].map(|permission| PermissionRule {
        permission: permission.to_owned(),
        pattern: "*".to_owned(),
        action: PermissionAction::Ask,
    });
    let mut conversation = Conversation::start(ask.to_vec()).await;

    let turn = conversation.turn("show me around").await;

    assert_eq!(
        turn.permissions,
        ["edit", "bash", "external_directory", "edit"]
    );
    assert!(turn.text.contains("## Summary"), "{turn:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_gets_its_title_from_the_first_prompt() {
    let mut conversation = Conversation::start(Vec::new()).await;

    conversation.turn("table please").await;

    let id = conversation.session.id.clone();
    let titled = async {
        loop {
            // The title may come after the turn has ended.
            let session = conversation.client.session(&id).await.unwrap();
            if !session.title.starts_with("New session") {
                return session.title;
            }
            conversation.events.next(DEADLINE).await.unwrap();
        }
    };
    let title = tokio::time::timeout(DEADLINE, titled).await.unwrap();
    assert_eq!(title, "Table please");
}
