//! What is written is read back.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use pretty_assertions::assert_eq;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::super::rows::{ConversationRow, MessageRow, PartRow, PromptRow};
use super::super::values::{from_json, to_json};
use super::super::{Naming, Store, StoreError};
use super::{key, message, open, prompt, session};
use crate::domain::chat::{
    ChatEvent, Conversation, EditKind, FileEdit, FoundFile, Message, MessageError, ModelRef, Part,
    PartKind, QuestionItem, QuestionOption, ReadCall, Role, SearchCall, ShellCall, TaskCall, Todo,
    Tokens, ToolCall, ToolDetail, ToolStatus,
};
use crate::domain::failure::Failure;
use crate::domain::log::{LogLine, LogStream};
use crate::domain::prompt::{Attachment, LocalFile, PromptPart};
use crate::domain::sandbox::{EngineKind, Phase, SandboxInfo, Stage};
use crate::domain::session::{ChangedLines, CodeSource, DraftFile, ListPlace, NewSession};
use crate::domain::time::UnixMillis;

fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

/// Dollars in millionths: JSON stores these exactly, and no server is more precise.
fn cost() -> impl Strategy<Value = f64> {
    any::<u32>().prop_map(|millionths| f64::from(millionths) / 1e6)
}

fn time() -> impl Strategy<Value = UnixMillis> {
    any::<u64>().prop_map(UnixMillis)
}

fn tokens() -> impl Strategy<Value = Tokens> {
    any::<[u64; 5]>().prop_map(
        |[input, output, reasoning, cache_read, cache_write]| Tokens {
            input,
            output,
            reasoning,
            cache_read,
            cache_write,
        },
    )
}

prop_compose! {
    fn messages()(
        id in text(), user: bool, parent in of(text()), times in (time(), of(time())), agent in of(text()),
        model in of((text(), text())), error in of((text(), text())), finish in of(text()),
        cost in cost(), tokens in tokens(), summary: bool, variant in of(text()),
    ) -> Message {
        Message {
            id: id.into(),
            role: if user { Role::User } else { Role::Assistant },
            parent: parent.map(Into::into),
            created: times.0,
            completed: times.1,
            agent,
            model: model.map(|(provider, model)| ModelRef { provider, model }),
            variant,
            error: error.map(|(name, message)| MessageError { name, message }),
            finish,
            cost,
            tokens,
            summary,
        }
    }
}

fn details() -> impl Strategy<Value = ToolDetail> {
    let words = any::<[String; 4]>();
    prop_oneof![
        (text(), any::<Option<i32>>(), of(text()), any::<bool>()).prop_map(
            |(command, exit, stopped, cut)| ToolDetail::Shell(ShellCall {
                command,
                exit,
                stopped,
                cut,
            })
        ),
        (text(), any::<bool>(), any::<[Option<u32>; 3]>()).prop_map(
            |(path, is_folder, [from, count, total])| ToolDetail::Read(ReadCall {
                path,
                is_folder,
                from,
                count,
                total,
            })
        ),
        vec((text(), of(text()), text(), text()), 0..3).prop_map(|files| {
            let edit = |(path, to, diff, text): (String, _, String, _)| FileEdit {
                to,
                text,
                ..FileEdit::new(path, EditKind::Moved, diff)
            };
            ToolDetail::Change(files.into_iter().map(edit).collect())
        }),
        (
            words,
            any::<bool>(),
            of(any::<u32>()),
            vec((text(), any::<u32>()), 0..3)
        )
            .prop_map(|([pattern, path, include, line], in_files, total, files)| {
                let file = |(path, number)| FoundFile {
                    path,
                    lines: vec![(number, line.clone())],
                };
                ToolDetail::Search(SearchCall {
                    pattern,
                    path,
                    include,
                    in_files,
                    total,
                    more: !in_files,
                    files: files.into_iter().map(file).collect(),
                })
            }),
        other_details(),
    ]
}

fn other_details() -> impl Strategy<Value = ToolDetail> {
    prop_oneof![
        (text(), any::<bool>()).prop_map(|(url, markdown)| ToolDetail::Fetch { url, markdown }),
        (text(), text()).prop_map(|(query, provider)| ToolDetail::WebSearch { query, provider }),
        vec((text(), text()), 0..3).prop_map(|todos| {
            let todo = |(content, status)| Todo { content, status };
            ToolDetail::Todos(todos.into_iter().map(todo).collect())
        }),
        (any::<[String; 3]>(), of(text())).prop_map(|([agent, description, prompt], child)| {
            ToolDetail::Task(TaskCall {
                agent,
                description,
                prompt,
                child: child.map(Into::into),
            })
        }),
        (
            any::<[String; 4]>(),
            vec(vec(text(), 0..2), 0..2),
            any::<bool>()
        )
            .prop_map(
                |([header, question, label, description], answers, multiple)| {
                    ToolDetail::Question {
                        items: vec![QuestionItem {
                            header,
                            question,
                            options: vec![QuestionOption { label, description }],
                            multiple,
                            custom: !multiple,
                        }],
                        answers,
                    }
                }
            ),
        text().prop_map(|name| ToolDetail::Skill { name }),
        Just(ToolDetail::Plan),
        Just(ToolDetail::Invalid),
        Just(ToolDetail::Other),
    ]
}

prop_compose! {
    fn calls()(
        texts in any::<[String; 4]>(),
        status in prop::sample::select(vec![
            ToolStatus::Pending, ToolStatus::Running, ToolStatus::Completed, ToolStatus::Error,
        ]),
        options in any::<[Option<String>; 2]>(),
        input in vec((text(), text()), 0..3), detail in details(),
        times in (of(time()), of(time())),
    ) -> ToolCall {
        let [tool, call_id, subject, output] = texts;
        let [title, error] = options;
        ToolCall {
            tool, call_id, status, subject, title, input, output, detail,
            started: times.0,
            ended: times.1,
            error,
        }
    }
}

fn kinds() -> impl Strategy<Value = PartKind> {
    prop_oneof![
        (text(), any::<bool>(), any::<bool>()).prop_map(|(text, synthetic, ended)| {
            PartKind::Text {
                text,
                synthetic,
                ended,
            }
        }),
        (text(), of(time()), of(time())).prop_map(|(text, started, ended)| PartKind::Reasoning {
            text,
            started,
            ended
        }),
        calls().prop_map(|call| PartKind::Tool(Box::new(call))),
        (text(), text()).prop_map(|(filename, mime)| PartKind::File { filename, mime }),
        Just(PartKind::StepStart),
        (text(), cost(), tokens()).prop_map(|(reason, cost, tokens)| PartKind::StepFinish {
            reason,
            cost,
            tokens
        }),
        vec(text(), 0..3).prop_map(|files| PartKind::Patch { files }),
        any::<bool>().prop_map(|auto| PartKind::Compaction { auto }),
        (any::<u32>(), text()).prop_map(|(attempt, message)| PartKind::Retry { attempt, message }),
        text().prop_map(|kind| PartKind::Unknown { kind }),
    ]
}

proptest! {
    #[test]
    fn every_message_survives_its_row(message in messages()) {
        let json = to_json(&MessageRow::from(message.clone())).unwrap();
        prop_assert_eq!(from_json::<MessageRow>(&json).map(Message::from), Some(message));
    }

    #[test]
    fn every_part_survives_its_row(id in text(), message in text(), kind in kinds()) {
        let part = Part { id: id.into(), message: message.into(), kind };
        let json = to_json(&PartRow::from(part.clone())).unwrap();
        prop_assert_eq!(from_json::<PartRow>(&json).map(Part::from), Some(part));
    }

    #[test]
    fn no_json_breaks_a_reader(json in text()) {
        let _ = from_json::<PartRow>(&json).map(Part::from);
        let _ = from_json::<MessageRow>(&json).map(Message::from);
        let _ = from_json::<ConversationRow>(&json).map(Conversation::from);
        let _ = from_json::<PromptRow>(&json);
    }
}

#[tokio::test]
async fn a_session_comes_back_with_all_that_is_needed_to_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut full = session("one", "a");
    full.summary.sandbox = SandboxInfo {
        engine: EngineKind::E2b,
        id: Some("sbx".into()),
        template: Some("opencode".into()),
        opencode_url: Some("https://4096-sbx.e2b.app".to_owned()),
        opencode_version: Some("1.18.33".to_owned()),
        ends_at: Some(UnixMillis(99)),
        isolation: Some("none".to_owned()),
        directory: Some("/home/user/work".to_owned()),
        demo: true,
    };
    full.summary.opencode_session = Some("ses_1".into());
    full.summary.project = Some(OsStr::from_bytes(b"/not/\xff/text").into());
    full.port = Some(4096);
    for code in [
        CodeSource::Empty,
        CodeSource::WorkTree("/home/me/project".into()),
        CodeSource::WorkTree(OsStr::from_bytes(b"/not/\xff/text").into()),
        CodeSource::Clone("https://example.com/a.git".to_owned()),
    ] {
        full.new = Some(NewSession {
            name: "a".to_owned(),
            template: "opencode".into(),
            code,
            model: Some(ModelRef {
                provider: "p".to_owned(),
                model: "m".to_owned(),
            }),
            demo: true,
        });

        store.save_session(&full).await.unwrap();

        assert_eq!(store.session(&key()).await.unwrap(), Some(full.clone()));
    }
    assert_eq!(store.sessions().await.unwrap(), [full.summary.clone()]);
    // Credentials for a repository are not stored.
    let new = full.new.as_mut().unwrap();
    new.code = CodeSource::Clone("https://bob:hunter2@example.com/a.git".to_owned());
    store.save_session(&full).await.unwrap();
    let stored = store.session(&key()).await.unwrap().unwrap();
    let code = CodeSource::Clone("https://example.com/a.git".to_owned());
    assert_eq!(stored.new.unwrap().code, code);
}

#[tokio::test]
async fn the_last_shown_session_is_remembered_even_if_it_is_stored_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let shown = async |store: &Store| store.sessions().await.unwrap()[0].shown;

    store.set_shown(&key(), UnixMillis(7)).await.unwrap();
    store.save_session(&session("one", "a")).await.unwrap();
    assert_eq!(shown(&store).await, Some(UnixMillis(7)));
    // The clocks of two terminals may differ.
    store.set_shown(&key(), UnixMillis(5)).await.unwrap();
    assert_eq!(shown(&store).await, Some(UnixMillis(7)));

    store.delete_session(&key()).await.unwrap();
    store.save_session(&session("one", "a")).await.unwrap();
    assert_eq!(shown(&store).await, None);
}

#[tokio::test]
async fn endings_are_remembered_and_connections_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.save_session(&session("one", "a")).await.unwrap();
    let failure = Failure::new("It failed")
        .detail("why")
        .advise(crate::domain::failure::advice::testing::all())
        .stderr(vec!["line".to_owned()]);
    for (phase, remembered) in [
        (Phase::Live, Phase::Dormant),
        (Phase::Booting(Stage::Code), Phase::Dormant),
        (Phase::Paused, Phase::Paused),
        (
            Phase::Failed(failure.clone()),
            Phase::Failed(failure.clone()),
        ),
        (Phase::Gone(failure.clone()), Phase::Gone(failure)),
    ] {
        store.set_phase(&key(), &phase).await.unwrap();

        let stored = store.session(&key()).await.unwrap().unwrap();
        assert_eq!(stored.summary.phase, remembered);
    }
}

#[tokio::test]
async fn a_name_belongs_to_one_session() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let name = async |key: &str, naming| store.add_session(&session(key, "a"), naming).await;
    assert_eq!(name("one", Naming::Similar).await.unwrap(), "a");
    assert_eq!(name("two", Naming::Similar).await.unwrap(), "a-2");
    assert_eq!(name("three", Naming::Similar).await.unwrap(), "a-3");

    let taken = name("four", Naming::Exact).await;
    // A driver that knows an old name does not undo a new one.
    store.save_session(&session("two", "a")).await.unwrap();
    let renamed = store.set_name(&"two".into(), "a-3".to_owned()).await;

    assert!(matches!(taken, Err(StoreError::NameTaken { name }) if name == "a"));
    assert!(matches!(renamed, Err(StoreError::NameTaken { name }) if name == "a-3"));
    let stored = store.sessions().await.unwrap();
    assert_eq!(stored.len(), 3);
    // The stored request has the same name.
    let two = store.by_name("a-2").await.unwrap().unwrap();
    assert_eq!(two.summary.key, "two".into());
    assert!(two.new.is_none_or(|new| new.name == "a-2"));
    // It is added only once.
    assert_eq!(name("two", Naming::Exact).await.unwrap(), "a-2");
}

#[tokio::test(flavor = "multi_thread")]
async fn if_many_processes_want_a_name_at_once_exactly_one_gets_it() {
    const PROCESSES: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    // Another process has another connection.
    let stores: Vec<Store> = (0..PROCESSES).map(|_| open(dir.path())).collect();
    let all_at_once = async |naming: Naming| {
        let tasks = stores.iter().cloned().enumerate().map(|(at, store)| {
            let session = session(&format!("{naming:?}{at}"), &format!("{naming:?}"));
            tokio::spawn(async move { store.add_session(&session, naming).await })
        });
        futures::future::join_all(tasks.collect::<Vec<_>>()).await
    };

    let exact = all_at_once(Naming::Exact).await;
    let similar = all_at_once(Naming::Similar).await;

    let (got, refused): (Vec<_>, Vec<_>) = exact
        .into_iter()
        .map(Result::unwrap)
        .partition(Result::is_ok);
    assert_eq!(got.len(), 1);
    for error in refused {
        assert!(matches!(error, Err(StoreError::NameTaken { name }) if name == "Exact"));
    }
    let names: HashSet<String> = similar
        .into_iter()
        .map(|name| name.unwrap().unwrap())
        .collect();
    assert_eq!(names.len(), PROCESSES);
}

#[tokio::test]
async fn the_history_keeps_the_newest_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for number in 0..510 {
        let text = number.to_string();
        store.add_history(&key(), text).await.unwrap();
    }

    store.add_history(&key(), "100".to_owned()).await.unwrap();

    let all = store.history(&key()).await.unwrap();
    let texts: Vec<&str> = all.iter().map(|prompt| prompt.text.as_str()).collect();
    assert_eq!(texts[..3], ["100", "509", "508"]);
    assert_eq!((all.len(), texts.last()), (500, Some(&"10")));
}

#[tokio::test]
async fn the_history_begins_with_the_session_and_its_project() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (name, project) in [("one", "/a"), ("two", "/b"), ("three", "/a")] {
        let mut session = session(name, name);
        session.summary.project = Some(project.into());
        store.save_session(&session).await.unwrap();
        let text = format!("in {name}");
        store.add_history(&name.into(), text).await.unwrap();
    }
    store.delete_session(&"three".into()).await.unwrap();

    let all = store.history(&"one".into()).await.unwrap();

    let rows = all.into_iter().map(|prompt| (prompt.text, prompt.session));
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            ("in one".to_owned(), named("one")),
            ("in three".to_owned(), None),
            ("in two".to_owned(), named("two"))
        ]
    );
}

fn line(offset: u64, text: &str) -> LogLine {
    LogLine {
        at: UnixMillis(7),
        stream: LogStream::Stderr,
        offset,
        start: 2,
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn a_log_comes_back_in_order_and_a_repeated_line_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let lines = vec![
        line(5, "b"),
        line(0, "a\u{1b}[0m"),
        LogLine::ours(UnixMillis(8), "ours"),
    ];

    store.append_logs(&key(), lines.clone()).await.unwrap();
    store.append_logs(&key(), vec![line(5, "b")]).await.unwrap();

    let ends = store.log_ends(&key()).await.unwrap();
    let end = |stream| ends.of(2, stream);
    assert_eq!(
        (end(LogStream::Stderr), end(LogStream::Stdout)),
        (Some(5), None)
    );
    assert_eq!(store.logs(&key(), 9).await.unwrap(), lines);
    assert_eq!(store.logs(&key(), 1).await.unwrap(), lines[2..]);
}

#[tokio::test]
async fn a_log_is_bounded_by_lines_and_by_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let many: Vec<LogLine> = (0..101_000).map(|offset| line(offset, "x")).collect();
    let large: Vec<LogLine> = (0..14)
        .map(|offset| line(offset, &"y".repeat(1 << 20)))
        .collect();

    for lines in many.chunks(1_000) {
        store.append_logs(&key(), lines.to_vec()).await.unwrap();
    }
    store
        .append_logs(&"two".into(), large.clone())
        .await
        .unwrap();

    // Far enough below the bounds that not every line triggers the next removal.
    assert_eq!(
        store.logs(&key(), usize::MAX).await.unwrap(),
        many[13_500..]
    );
    assert_eq!(store.logs(&"two".into(), 99).await.unwrap(), large[4..]);
}

#[tokio::test]
async fn the_files_of_a_draft_are_kept_in_their_order_until_they_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let file = |name: &str| DraftFile {
        id: name.into(),
        file: LocalFile {
            name: format!("{name}.png"),
            mime: "image/png".to_owned(),
            bytes: 3,
            base64: "AAAA".into(),
        },
    };
    for name in ["b", "a", "c"] {
        store.add_draft_file(&key(), file(name)).await.unwrap();
    }
    store
        .add_draft_file(&"two".into(), file("x"))
        .await
        .unwrap();

    store.remove_draft_file(&key(), &"a".into()).await.unwrap();

    let files = store.draft_files(&key()).await.unwrap();
    assert_eq!(files, [file("b"), file("c")]);
    store.save_session(&session("one", "a")).await.unwrap();
    store.delete_session(&key()).await.unwrap();
    assert_eq!(store.draft_files(&key()).await.unwrap(), []);
    assert_eq!(store.draft_files(&"two".into()).await.unwrap(), [file("x")]);
}

#[tokio::test]
async fn a_deleted_session_leaves_nothing_and_its_neighbour_everything() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for name in ["one", "two"] {
        let key = name.into();
        store.save_session(&session(name, name)).await.unwrap();
        store
            .record(&key, &ChatEvent::Message(message("m", 1)))
            .await
            .unwrap();
        store.enqueue(&key, prompt("msg_1")).await.unwrap();
        store.hold_queue(&key, true).await.unwrap();
        store.set_draft(&key, "draft".to_owned()).await.unwrap();
        store.append_logs(&key, vec![line(0, "x")]).await.unwrap();
    }

    let of_another_process = crate::domain::id::SessionKey::from("one-d1");
    let draft = "draft".to_owned();
    store.set_draft(&of_another_process, draft).await.unwrap();

    store.delete_session(&key()).await.unwrap();

    assert_eq!(store.draft(&of_another_process).await.unwrap(), "");

    for (name, count) in [("one", 0), ("two", 1)] {
        let key = name.into();
        let found = (
            store.by_name(name).await.unwrap().iter().count(),
            store.transcript(&key, 9).await.unwrap().messages.len(),
            store.queue(&key).await.unwrap().waiting.len(),
            store.logs(&key, 9).await.unwrap().len(),
            store.draft(&key).await.unwrap().len() / 5,
        );
        assert_eq!(found, (count, count, count, count, count), "{name}");
    }
    assert!(!store.queue(&key()).await.unwrap().held);
}

#[tokio::test]
async fn auto_mode_is_remembered_even_if_the_session_is_stored_later_and_ends_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let listed = async |store: &Store| store.sessions().await.unwrap()[0].auto;

    assert!(!store.auto_mode(&key()).await.unwrap());
    store.set_auto_mode(&key(), true).await.unwrap();
    store.set_auto_mode(&key(), true).await.unwrap();
    store.save_session(&session("one", "a")).await.unwrap();
    assert!(store.auto_mode(&key()).await.unwrap() && listed(&store).await);
    store.set_auto_mode(&key(), false).await.unwrap();
    assert!(!listed(&store).await);

    store.set_auto_mode(&key(), true).await.unwrap();
    store.delete_session(&key()).await.unwrap();
    assert!(!store.auto_mode(&key()).await.unwrap());
}

#[tokio::test]
async fn the_composers_content_comes_back_in_order_and_ends_with_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let name = |path: &str| Attachment::SandboxFile {
        path: path.to_owned(),
        lines: None,
    };
    let mut with_file = prompt("msg_2");
    with_file.parts = vec![PromptPart {
        id: "prt_9".into(),
        place: Some(0..4),
        what: Attachment::Local(LocalFile {
            name: "a.png".into(),
            mime: "image/png".into(),
            bytes: 3,
            base64: "AAAA".into(),
        }),
    }];
    for stashed in [prompt("msg_3"), with_file.clone(), prompt("msg_1")] {
        store.add_stash(&key(), stashed).await.unwrap();
    }
    store.remove_stash(&key(), &"msg_3".into()).await.unwrap();
    for (text, path) in [("@a", "a"), ("@b", "b"), ("@a", "other/a")] {
        let (key, text) = (key(), text.to_owned());
        store.add_mention(&key, text, name(path)).await.unwrap();
    }

    store.flush().await.unwrap();
    let store = open(dir.path());
    let stashes = store.stashes(&key()).await.unwrap();
    assert_eq!(stashes, [with_file, prompt("msg_1")]);
    let named = [("@b", name("b")), ("@a", name("other/a"))];
    let named = named.map(|(text, what)| (text.to_owned(), what));
    assert_eq!(store.mentions(&key()).await.unwrap(), named);

    store.save_session(&session("one", "a")).await.unwrap();
    store.delete_session(&key()).await.unwrap();
    assert_eq!(store.stashes(&key()).await.unwrap(), []);
    assert_eq!(store.mentions(&key()).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_typed_for_commands_is_kept_until_the_session_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (id, line) in [("b", "/review main"), ("a", "/init"), ("b", "/review")] {
        let (key, id) = (key(), id.into());
        store
            .add_command_line(&key, id, line.to_owned())
            .await
            .unwrap();
    }

    store.flush().await.unwrap();
    let store = open(dir.path());
    let lines = [("b", "/review main"), ("a", "/init")];
    let lines = lines.map(|(id, line)| (id.into(), line.to_owned()));
    assert_eq!(store.command_lines(&key()).await.unwrap(), lines);

    store.save_session(&session("one", "a")).await.unwrap();
    store.delete_session(&key()).await.unwrap();
    assert_eq!(store.command_lines(&key()).await.unwrap(), []);
}

#[tokio::test]
async fn a_new_name_and_a_place_in_the_list_survive_what_a_driver_stores() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let stored = session("one", "a");
    store.save_session(&stored).await.unwrap();
    let key = stored.summary.key.clone();
    store.set_name(&key, "b".to_owned()).await.unwrap();
    let keys = vec![key.clone()];
    let places = [
        ListPlace::Pinned(true),
        ListPlace::Archived(true),
        ListPlace::Unread(true),
    ];
    for place in places {
        store.set_place(keys.clone(), place).await.unwrap();
    }

    let (added, removed) = (12, 3);
    let changed = ChangedLines { added, removed };
    store.set_changed(&key, changed).await.unwrap();

    store.save_session(&stored).await.unwrap();

    let found = store.by_name("b").await.unwrap().unwrap().summary;
    assert!(found.pinned && found.archived && found.unread);
    assert_eq!(found.changed, Some(changed));
    let back = ListPlace::Archived(false);
    store.set_place(keys, back).await.unwrap();
    let found = store.session(&key).await.unwrap().unwrap().summary;
    assert!(found.pinned && !found.archived);
}
