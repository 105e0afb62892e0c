//! Recording a conversation.

use pretty_assertions::assert_eq;

use super::super::{RecordedTranscript, Store};
use super::{DEADLINE, key, message, open, session, text_part};
use crate::domain::chat::{
    ChatEvent, Conversation, MessageWithParts, PartKind, Resync, RevertPoint, TurnStatus,
};
use crate::domain::testing;
use crate::domain::time::UnixMillis;

async fn record(store: &Store, events: Vec<ChatEvent>) {
    for event in events {
        store.record(&key(), &event).await.unwrap();
    }
}

fn delta(part: &str, text: &str) -> ChatEvent {
    ChatEvent::Delta {
        message: "m".into(),
        part: part.into(),
        text: text.to_owned(),
    }
}

fn begun() -> Vec<ChatEvent> {
    vec![
        ChatEvent::Message(message("m", 1)),
        ChatEvent::Part(text_part("m", "p", "")),
    ]
}

async fn texts(store: &Store) -> Vec<String> {
    let transcript = store.transcript(&key(), 100).await.unwrap();
    let parts = transcript
        .messages
        .into_iter()
        .flat_map(|message| message.parts);
    parts
        .map(|part| match part.kind {
            PartKind::Text { text, .. } => text,
            other => format!("{other:?}"),
        })
        .collect()
}

fn conversation() -> Conversation {
    Conversation {
        title: "Title".to_owned(),
        directory: "/work".to_owned(),
        cost: 0.25,
        updated: UnixMillis(50),
        shared: Some("https://opncd.ai/s/1".to_owned()),
        reverted: Some(RevertPoint {
            message: "msg_2".into(),
            part: None,
        }),
        ..testing::conversation("ses_1")
    }
}

fn with_parts(id: &str, created: u64, parts: &[&str]) -> MessageWithParts {
    MessageWithParts {
        message: message(id, created),
        parts: parts.iter().map(|part| text_part(id, part, part)).collect(),
    }
}

fn resync(messages: Vec<MessageWithParts>, more: bool) -> ChatEvent {
    ChatEvent::Resync(Box::new(Resync {
        conversation: conversation(),
        more,
        ..testing::resync(messages, TurnStatus::Idle)
    }))
}

#[tokio::test]
async fn deltas_extend_their_part_until_the_whole_part_replaces_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());

    record(&store, begun()).await;
    record(&store, vec![delta("p", "Hel"), delta("p", "lo")]).await;
    assert_eq!(texts(&store).await, ["Hello"]);
    record(&store, vec![delta("p", " wor")]).await;
    assert_eq!(texts(&store).await, ["Hello wor"]);
    record(
        &store,
        vec![
            delta("p", "x"),
            ChatEvent::Part(text_part("m", "p", "Hello world")),
        ],
    )
    .await;

    assert_eq!(texts(&store).await, ["Hello world"]);
}

#[tokio::test]
async fn an_unfinished_empty_text_does_not_replace_what_has_grown() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    record(&store, begun()).await;
    record(&store, vec![delta("p", "kept ")]).await;
    store.flush().await.unwrap();

    record(
        &store,
        vec![delta("p", "too"), ChatEvent::Part(text_part("m", "p", ""))],
    )
    .await;
    assert_eq!(texts(&store).await, ["kept too"]);
    let mut ended = text_part("m", "p", "");
    if let PartKind::Text { ended, .. } = &mut ended.kind {
        *ended = true;
    }
    record(&store, vec![ChatEvent::Part(ended)]).await;

    assert_eq!(texts(&store).await, [""]);
}

#[tokio::test]
async fn a_growing_text_is_written_without_a_flush() {
    let dir = tempfile::tempdir().unwrap();
    let (store, other) = (open(dir.path()), open(dir.path()));
    record(&store, begun()).await;
    record(&store, vec![delta("p", "unfinished")]).await;

    let arrives = async {
        while texts(&other).await != ["unfinished"] {
            other
                .changed(std::time::Duration::from_millis(20))
                .await
                .unwrap();
        }
    };

    tokio::time::timeout(DEADLINE, arrives).await.unwrap();
}

#[tokio::test]
async fn a_flush_writes_what_is_still_growing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    record(&store, begun()).await;
    record(&store, vec![delta("p", "text")]).await;

    store.flush().await.unwrap();

    assert_eq!(texts(&open(dir.path())).await, ["text"]);
}

#[tokio::test]
async fn removed_messages_and_their_late_deltas_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    record(&store, begun()).await;
    record(
        &store,
        vec![
            ChatEvent::Part(text_part("m", "q", "second")),
            delta("p", "late"),
            ChatEvent::PartRemoved {
                message: "m".into(),
                part: "p".into(),
            },
            delta("p", "later"),
        ],
    )
    .await;
    assert_eq!(texts(&store).await, ["second"]);

    record(
        &store,
        vec![delta("q", "late"), ChatEvent::MessageRemoved("m".into())],
    )
    .await;

    assert_eq!(
        store.transcript(&key(), 9).await.unwrap(),
        RecordedTranscript::default()
    );
}

#[tokio::test]
async fn pages_are_ordered_by_time_then_arrival_and_say_whether_there_is_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let newest = vec![with_parts("d", 4, &["d2", "d1"]), with_parts("c", 4, &[])];
    let older = vec![with_parts("z", 1, &["z1"]), with_parts("b", 2, &[])];
    record(&store, vec![resync(newest.clone(), true)]).await;
    assert!(store.transcript(&key(), 9).await.unwrap().more);

    let page = older.clone();
    record(&store, vec![ChatEvent::Older { page, more: false }]).await;

    let all = store.transcript(&key(), 4).await.unwrap();
    assert_eq!(
        all,
        RecordedTranscript {
            conversation: Some(conversation()),
            messages: [older, newest.clone()].concat(),
            more: false,
        }
    );
    let some = store.transcript(&key(), 2).await.unwrap();
    assert_eq!((some.messages, some.more), (newest, true));
}

#[tokio::test]
async fn the_conversation_gives_the_session_its_title_its_cost_and_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save_session(&session("one", "a")).await.unwrap();
    store.save_session(&session("two", "b")).await.unwrap();

    record(&store, vec![ChatEvent::Conversation(conversation())]).await;

    let listed = store.sessions().await.unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|row| {
            (
                row.name.as_str(),
                row.title.as_str(),
                row.cost,
                row.updated.0,
            )
        })
        .collect();
    assert_eq!(listed, [("a", "Title", 0.25, 50), ("b", "", 0.0, 1)]);
}
