//! The search in all texts, and its index.

use pretty_assertions::assert_eq;
use rusqlite::Connection;

use super::super::Store;
use super::{message, open, session};
use crate::domain::chat::tool_call::{ShellCall, ToolCall, ToolDetail, ToolStatus};
use crate::domain::chat::{ChatEvent, Message, MessageWithParts, Part, PartKind, Role, TurnStatus};
use crate::domain::id::SessionKey;
use crate::domain::session::text_search::{FoundTexts, TextAuthor};
use crate::domain::testing::{conversation, resync, spoken};
use crate::domain::time::UnixMillis;
use crate::store::Naming;

/// A store with two sessions, each with a prompt and an answer.
async fn two_sessions(store: &Store) {
    for (key, name, number) in [("one", "fix-login", 1), ("two", "docs", 2)] {
        store
            .add_session(&session(key, name), Naming::Exact)
            .await
            .unwrap();
        let id = |what: &str| format!("{what}{number}");
        let prompt = format!("please look at the {name} of the server");
        let page = vec![
            spoken(&id("ask"), Role::User, number * 10, &prompt),
            spoken(
                &id("say"),
                Role::Assistant,
                number * 10 + 1,
                "The Server answers 503.",
            ),
        ];
        let synced = ChatEvent::Resync(Box::new(resync(page, TurnStatus::Idle)));
        store.record(&key.into(), &synced).await.unwrap();
    }
}

async fn found(store: &Store, query: &str) -> FoundTexts {
    store.search_texts(query.to_owned()).await.unwrap()
}

/// The messages with the words, as they are listed.
async fn matching(store: &Store, query: &str) -> Vec<String> {
    let texts = found(store, query).await.texts.into_iter();
    texts.map(|text| text.message.as_str().to_owned()).collect()
}

async fn record(store: &Store, event: ChatEvent) {
    store.record(&"one".into(), &event).await.unwrap();
}

fn shell(command: &str, output: &str, status: ToolStatus) -> Part {
    Part {
        id: "call".into(),
        message: "say1".into(),
        kind: PartKind::Tool(Box::new(ToolCall {
            tool: "bash".to_owned(),
            call_id: "call_1".to_owned(),
            status,
            subject: command.to_owned(),
            title: None,
            input: Vec::new(),
            output: output.to_owned(),
            detail: ToolDetail::Shell(ShellCall {
                command: command.to_owned(),
                ..ShellCall::default()
            }),
            started: None,
            ended: None,
            error: None,
        })),
    }
}

fn raw(dir: &tempfile::TempDir) -> Connection {
    Connection::open(dir.path().join("sandbar.db")).unwrap()
}

#[tokio::test]
async fn texts_of_all_sessions_are_found_newest_first_with_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;

    assert_eq!(
        matching(&store, "server").await,
        ["say2", "ask2", "say1", "ask1"]
    );
    assert_eq!(matching(&store, "SERVER ans").await, ["say2", "say1"]);
    assert_eq!(
        matching(&store, "\"the server\" look").await,
        ["ask2", "ask1"]
    );
    assert_eq!(matching(&store, "login server").await, ["ask1"]);
    assert_eq!(matching(&store, "nowhere").await, [""; 0]);

    let found = found(&store, "login").await;
    assert!(!found.more && !found.is_incomplete, "{found:?}");
    let text = &found.texts[0];
    assert_eq!(
        (text.session.as_str(), text.name.as_str()),
        ("one", "fix-login")
    );
    assert_eq!((text.whose, text.at), (TextAuthor::User, UnixMillis(10)));
    assert_eq!(text.first_match(), "login");
}

#[tokio::test]
async fn a_tool_is_found_by_its_command_and_its_output_once_it_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    record(
        &store,
        ChatEvent::Part(shell("pytest -x", "colle", ToolStatus::Running)),
    )
    .await;
    assert_eq!(matching(&store, "pytest").await, [""; 0]);

    let output = "collected 8 items";
    record(
        &store,
        ChatEvent::Part(shell("pytest -x", output, ToolStatus::Completed)),
    )
    .await;

    let found = found(&store, "pytest collected").await;
    assert_eq!(found.texts[0].whose, TextAuthor::Tool);
    assert_eq!(found.texts.len(), 1);
}

#[tokio::test]
async fn a_growing_text_is_found_at_its_end_and_one_that_changes_by_its_new_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    let part = |text: &str, ended| ChatEvent::Part(Part::text("say1", "p", text, ended));
    record(&store, part("", false)).await;
    let delta = ChatEvent::Delta {
        message: "say1".into(),
        part: "p".into(),
        text: "apples".to_owned(),
    };
    record(&store, delta).await;
    store.flush().await.unwrap();
    assert_eq!(matching(&store, "apples").await, [""; 0]);

    // The server has lost it, and what is stored here is the only copy.
    record(&store, part("", false)).await;
    assert_eq!(matching(&store, "apples").await, ["say1"]);

    record(&store, part("pears", true)).await;
    assert_eq!(matching(&store, "apples").await, [""; 0]);
    assert_eq!(matching(&store, "pears").await, ["say1"]);
}

#[tokio::test]
async fn what_is_removed_is_not_found_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;

    let part = ChatEvent::PartRemoved {
        message: "say1".into(),
        part: "prt_say1".into(),
    };
    record(&store, part).await;
    assert_eq!(matching(&store, "server").await, ["say2", "ask2", "ask1"]);
    record(&store, ChatEvent::MessageRemoved("ask1".into())).await;
    assert_eq!(matching(&store, "server").await, ["say2", "ask2"]);
    store.delete_session(&"two".into()).await.unwrap();

    assert_eq!(matching(&store, "server").await, [""; 0]);
    let left: i64 = raw(&dir)
        .query_row("SELECT count(*) FROM texts_docsize", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn hits_stay_right_after_rows_were_renumbered_and_more_were_added() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    store.delete_session(&"one".into()).await.unwrap();
    store.flush().await.unwrap();

    raw(&dir).execute_batch("VACUUM").unwrap();

    let added = message("new", 99);
    store
        .record(&"two".into(), &ChatEvent::Message(added))
        .await
        .unwrap();
    let part = ChatEvent::Part(Part::text("new", "n", "docs of the server", true));
    store.record(&"two".into(), &part).await.unwrap();
    assert_eq!(matching(&store, "server").await, ["new", "say2", "ask2"]);
    assert_eq!(matching(&store, "docs").await, ["new", "ask2"]);
}

#[tokio::test]
async fn one_session_leaves_room_for_the_others_and_there_is_said_to_be_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    let texts = (0..300).map(|n| spoken(&format!("m{n}"), Role::User, 1_000 + n, "the server"));
    let page: Vec<MessageWithParts> = texts.collect();
    record(&store, ChatEvent::Older { page, more: false }).await;

    let found = found(&store, "server").await;

    assert!(found.more);
    assert_eq!(found.texts.len(), 42);
    assert_eq!(found.texts[0].message.as_str(), "m299");
}

/// As an earlier version has left it.
fn without_index(dir: &tempfile::TempDir) {
    raw(dir)
        .execute_batch(
            "INSERT INTO texts (texts) VALUES ('delete-all');
             UPDATE parts SET text_id = NULL;
             INSERT INTO unindexed VALUES ('', '');",
        )
        .unwrap();
}

#[tokio::test]
async fn what_an_earlier_version_has_stored_is_brought_in_step_by_step() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    let texts = (0..200).map(|n| spoken(&format!("m{n}"), Role::User, 1_000 + n, "apples"));
    let page: Vec<MessageWithParts> = texts.collect();
    record(&store, ChatEvent::Older { page, more: false }).await;
    store.flush().await.unwrap();
    without_index(&dir);

    let before = found(&store, "apples server").await;
    assert!(before.is_incomplete);
    // What is stored meanwhile is found at once, and counted once.
    let part = ChatEvent::Part(Part::text("say1", "prt_say1", "apples of the server", true));
    record(&store, part).await;
    assert_eq!(matching(&store, "apples server").await, ["say1"]);

    store.index_texts().await.unwrap();

    let after = found(&store, "apples").await;
    assert!(!after.is_incomplete);
    assert_eq!(
        matching(&store, "server").await,
        ["say2", "ask2", "say1", "ask1"]
    );
    assert_eq!(matching(&store, "apples server").await, ["say1"]);
}

#[tokio::test]
async fn the_thread_brings_them_in_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;
    store.flush().await.unwrap();
    drop(store);
    without_index(&dir);

    let store = open(dir.path());
    let is_complete = async {
        while found(&store, "server").await.is_incomplete {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(super::DEADLINE, is_complete)
        .await
        .unwrap();

    assert_eq!(matching(&store, "server").await.len(), 4);
}

#[tokio::test]
async fn no_query_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    two_sessions(&store).await;

    for odd in [
        "", "\"", "AND", "NOT NOT", "text:", "*", "(", "a\0b", "NEAR(a", "^", "'", "\\",
    ] {
        let found = store.search_texts(odd.to_owned()).await;
        assert_eq!(found.map(|found| found.query).unwrap(), odd);
    }
    found(&store, &"word ".repeat(100_000)).await;
}

#[tokio::test]
async fn the_messages_from_a_match_on_are_read_with_some_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store
        .add_session(&session("one", "one"), Naming::Exact)
        .await
        .unwrap();
    let texts = (0..60).map(|n| spoken(&format!("m{n}"), Role::User, 1_000 + n, "text"));
    let page: Vec<MessageWithParts> = texts.collect();
    let conversation = ChatEvent::Conversation(conversation("ses_1"));
    record(&store, conversation).await;
    record(&store, ChatEvent::Older { page, more: false }).await;

    let key = SessionKey::from("one");
    let read = store.messages_from(&key, &"m30".into()).await.unwrap();
    let ids: Vec<Message> = read
        .messages
        .into_iter()
        .map(|known| known.message)
        .collect();
    assert_eq!((ids[0].id.as_str(), ids.len()), ("m10", 50));
    assert_eq!(ids.last().unwrap().id.as_str(), "m59");
    assert!(read.more);

    let all = store.messages_from(&key, &"m3".into()).await.unwrap();
    assert_eq!((all.messages.len(), all.more), (60, false));
    let none = store.messages_from(&key, &"no".into()).await.unwrap();
    assert_eq!(none.messages, []);
}
