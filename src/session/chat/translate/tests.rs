//! Replays recorded streams of a real server (1.18.33) and asserts what a conversation would show. The recordings
//! are trimmed: long texts end in an ellipsis, repetitive events are removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pretty_assertions::assert_eq;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Translator, parts, plain};
use crate::domain::chat::{
    Catalog, ChatEvent, MessageError, ModelRef, PartKind, Permission, ToolCall, ToolStatus,
    TurnStatus,
};
use crate::opencode::wire::event::Event;
use crate::opencode::wire::provider::{Agent, Providers};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    ev: Option<&'a RawValue>,
    #[serde(borrow)]
    gev: Option<&'a RawValue>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode")
}

fn frames(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(fixtures().join(format!("{name}.ndjson"))).unwrap();
    let frame = |line: &str| {
        let line: Line<'_> = serde_json::from_str(line).unwrap();
        line.ev.or(line.gev).map(|frame| frame.get().to_owned())
    };
    text.lines().filter_map(frame).collect()
}

/// The session that the recording's first event with an id belongs to.
fn root_of(frames: &[String]) -> String {
    let ids = frames
        .iter()
        .filter_map(|frame| frame.split_once(r#""sessionID":""#));
    let mut roots = ids.filter_map(|(_, rest)| rest.split('"').next());
    roots.next().unwrap_or_default().to_owned()
}

fn replay(name: &str) -> Vec<ChatEvent> {
    let frames = frames(name);
    let mut translator = Translator::new(&root_of(&frames), "/home/user/project");
    let mut events = Vec::new();
    for event in frames.iter().filter_map(|frame| Event::parse(frame)) {
        translator.translate(event, &mut |event| events.push(event));
    }
    events
}

/// The last state of every tool call, in order of appearance.
fn tools(events: &[ChatEvent]) -> Vec<ToolCall> {
    let mut order = Vec::new();
    let mut calls = BTreeMap::new();
    for event in events {
        if let ChatEvent::Part(part) = event
            && let PartKind::Tool(call) = &part.kind
        {
            if !order.contains(&part.id) {
                order.push(part.id.clone());
            }
            calls.insert(part.id.clone(), (**call).clone());
        }
    }
    order.iter().filter_map(|id| calls.remove(id)).collect()
}

fn statuses(events: &[ChatEvent]) -> Vec<TurnStatus> {
    let status = |event: &ChatEvent| match event {
        ChatEvent::Status(status) => Some(status.clone()),
        _ => None,
    };
    events.iter().filter_map(status).collect()
}

fn permissions(events: &[ChatEvent]) -> Vec<Permission> {
    let asked = |event: &ChatEvent| match event {
        ChatEvent::PermissionAsked(permission) => Some(permission.clone()),
        _ => None,
    };
    events.iter().filter_map(asked).collect()
}

#[test]
fn every_recorded_event_is_read() {
    let mut read = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let name = entry
            .unwrap()
            .path()
            .file_stem()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        for frame in frames(&name) {
            let event = Event::parse(&frame);
            read += 1;

            assert!(
                !matches!(event, Some(Event::Malformed { .. })),
                "{name}: {event:?} from {frame}"
            );
        }
        let events = replay(&name);
        let unknown = |event: &&ChatEvent| matches!(event, ChatEvent::Part(part) if matches!(part.kind, PartKind::Unknown { .. }));
        let unknown: Vec<_> = events.iter().filter(unknown).collect();
        assert!(unknown.len() <= 2, "{name}: {unknown:?}");
    }
    assert!(read > 500, "only {read} events in the recordings");
}

#[test]
fn what_was_typed_for_a_command_belongs_to_its_prompt() {
    let events = replay("slash_command");
    let commands = events.iter().filter_map(|event| match event {
        ChatEvent::Command { prompt, line } => Some((prompt.as_str(), line.as_str())),
        _ => None,
    });

    let commands: Vec<(&str, &str)> = commands.collect();

    assert_eq!(commands, [("msg_nKUWAm", "/greet bob")]);
}

#[test]
fn a_plain_turn_streams_and_closes_with_the_whole_text() {
    let events = replay("text.global-event");

    let texts: Vec<(&str, bool)> = events
        .iter()
        .filter_map(|event| match event {
            ChatEvent::Part(part) => match &part.kind {
                PartKind::Text { text, ended, .. } => Some((text.get(..9).unwrap_or(text), *ended)),
                _ => None,
            },
            ChatEvent::Delta { text, .. } => Some((text.as_str(), false)),
            _ => None,
        })
        .collect();
    assert_eq!(
        texts,
        [
            ("md please", true),
            ("", false),
            ("# H", false),
            ("# Heading", true)
        ]
    );
    assert_eq!(statuses(&events), [TurnStatus::Busy, TurnStatus::Idle]);
    let last = events.iter().rev().find_map(|event| match event {
        ChatEvent::Message(message) if message.finish.is_some() => Some(message.clone()),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!(
        (last.finish.as_deref(), last.tokens.context()),
        (Some("stop"), 1290)
    );
    assert_eq!(
        last.model,
        Some(ModelRef {
            provider: "fake".into(),
            model: "fake-1".into()
        })
    );
    assert!(last.completed.is_some());
}

#[test]
fn a_command_shows_what_it_is_its_output_and_its_exit_code() {
    let events = replay("bash");

    let calls = tools(&events);

    assert_eq!(
        calls[0].subject,
        "for i in 1 2 3; do echo out $i; sleep 0.4; done; echo err >&2; exit 3"
    );
    assert_eq!(
        (calls[0].status, calls[0].exit()),
        (ToolStatus::Completed, Some(3))
    );
    assert!(
        calls[0].output.starts_with("out 1\nout 2\n"),
        "{}",
        calls[0].output
    );
    assert!(calls[0].ended > calls[0].started);
}

#[test]
fn an_edit_has_a_diff_and_a_path_below_the_project() {
    let events = replay("edit-diff-revert-unrevert");

    let calls = tools(&events);

    let subjects: Vec<(&str, &str)> = calls
        .iter()
        .map(|call| (call.tool.as_str(), call.subject.as_str()))
        .collect();
    assert_eq!(
        subjects[..2],
        [("read", "hello.txt"), ("edit", "hello.txt")]
    );
    assert!(
        calls[1].diff().as_deref().unwrap().contains("Index:"),
        "{:?}",
        calls[1].diff()
    );
}

#[test]
fn a_revert_its_undoing_and_its_end_by_the_next_prompt_are_translated() {
    let events = replay("edit-diff-revert-unrevert");

    let points = events.iter().filter_map(|event| match event {
        ChatEvent::Conversation(known) => Some(known.reverted.as_ref()),
        _ => None,
    });
    let mut points: Vec<Option<&str>> = points
        .map(|point| point.map(|point| point.message.as_str()))
        .collect();
    points.dedup();
    let reverted = Some("msg_pv2IeN");
    assert_eq!(points[..4], [None, reverted, None, reverted]);
    let removed = |event: &ChatEvent| matches!(event, ChatEvent::MessageRemoved(id) if id.as_str() == "msg_pv2IeN");
    assert!(events.iter().any(removed));
}

#[test]
fn a_permission_is_asked_and_replied() {
    let events = replay("permission_once");

    let asked = permissions(&events);

    assert_eq!(
        (asked[0].kind.as_str(), asked[0].subject.as_str()),
        ("bash", "arch --version")
    );
    assert_eq!(asked[0].always, ["arch *"]);
    let replies = events
        .iter()
        .filter(|event| matches!(event, ChatEvent::PermissionReplied(_)));
    assert_eq!(replies.count(), 1);
}

#[test]
fn permissions_of_all_kinds_say_what_they_are_about() {
    let subject = |name| permissions(&replay(name))[0].subject.clone();

    assert_eq!(subject("permission_external_directory"), "/etc/hostname");
    assert_eq!(subject("permission_edit"), "/home/user/project2/new.txt");
    assert!(permissions(&replay("permission_edit"))[0].diff.is_some());
    assert_eq!(
        permissions(&replay("permission_edit"))[1].subject,
        "http://127.0.0.1:41090/page"
    );
}

#[test]
fn a_question_has_its_items_and_is_answered_or_rejected() {
    for name in ["question", "question_reject"] {
        let events = replay(name);

        let asked = events.iter().find_map(|event| match event {
            ChatEvent::QuestionAsked(question) => Some(question.clone()),
            _ => None,
        });
        let asked = asked.unwrap();
        assert_eq!(asked.items[0].options[1].label, "Blue");
        assert!(asked.items[0].custom && !asked.items[0].multiple && asked.items[1].multiple);
        assert!(
            events.contains(&ChatEvent::QuestionReplied(asked.id)),
            "{name}"
        );
    }
}

#[test]
fn an_abort_is_an_error_and_idle_while_closing_updates_still_come() {
    let events = replay("abort");

    let aborted = events
        .iter()
        .position(|event| matches!(event, ChatEvent::Error(error) if error.is_abort()));
    let text = events.iter().position(|event| {
        matches!(event, ChatEvent::Part(part)
            if matches!(&part.kind, PartKind::Text { text, ended: true, .. } if text.ends_with("word6 ")))
    });
    assert!(aborted.unwrap() < text.unwrap());
    assert_eq!(statuses(&events), [TurnStatus::Busy, TurnStatus::Idle]);
}

#[test]
fn a_retry_says_why_and_when() {
    let statuses = statuses(&replay("retry_429"));

    assert_eq!(
        statuses[1],
        TurnStatus::Retry {
            attempt: 1,
            message: "Fake provider says 429 (try 1)".into(),
            next: crate::domain::time::UnixMillis(1_795_425_378_280),
        }
    );
    assert_eq!(statuses.last(), Some(&TurnStatus::Idle));
}

#[test]
fn an_error_of_the_provider_keeps_its_message() {
    let events = replay("error_401");

    let expected = MessageError {
        name: "APIError".into(),
        message: "Incorrect API key provided: sk-fake.".into(),
    };
    assert!(events.contains(&ChatEvent::Error(expected.clone())));
    let closing = events.iter().any(
        |event| matches!(event, ChatEvent::Message(message) if message.error == Some(expected.clone())),
    );
    assert!(closing);
}

#[test]
fn a_todo_list_is_in_the_call_and_in_an_event_of_its_own() {
    let events = replay("todo");

    let listed = events.iter().find_map(|event| match event {
        ChatEvent::Todos(todos) => Some(todos.clone()),
        _ => None,
    });
    let listed = listed.unwrap();
    assert_eq!(
        (listed.len(), listed[1].status.as_str()),
        (3, "in_progress")
    );
    assert_eq!(tools(&events)[0].todos(), listed);
}

#[test]
fn a_sub_agents_messages_stay_out_and_its_call_names_its_session() {
    let events = replay("subagent");

    let calls = tools(&events);

    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].subject, "Look around");
    assert_eq!(calls[0].child(), Some(&"ses_Rc1J9v".into()));
}

fn ask(session: &str, id: &str) -> Event {
    let frame = format!(
        r#"{{"type":"permission.asked","properties":{{"id":"{id}","sessionID":"{session}","permission":"bash","patterns":["ls"],"metadata":{{}},"always":[]}}}}"#
    );
    Event::parse(&frame).unwrap()
}

/// A call of a tool that is not OpenCode's own, and its request.
fn foreign_call(session: &str, status: &str) -> Event {
    let frame = format!(
        r#"{{"type":"message.part.updated","properties":{{"sessionID":"{session}","part":{{"id":"prt_1","messageID":"msg_1","sessionID":"{session}","type":"tool","tool":"github_delete","callID":"call_1","state":{{"status":"{status}","input":{{"repo":"all","force":true}}}}}}}}}}"#
    );
    Event::parse(&frame).unwrap()
}

fn foreign_ask(session: &str) -> Event {
    let frame = format!(
        r#"{{"type":"permission.asked","properties":{{"id":"per_1","sessionID":"{session}","permission":"github_delete","patterns":["*"],"metadata":{{}},"always":["*"],"tool":{{"messageID":"msg_1","callID":"call_1"}}}}}}"#
    );
    Event::parse(&frame).unwrap()
}

#[test]
fn a_permission_has_the_arguments_of_its_call_whichever_comes_first() {
    for session in ["ses_root", "ses_child"] {
        let translator = || {
            let mut translator = Translator::new("ses_root", "");
            translator.learn_child("ses_child", "ses_root");
            translator
        };
        let said = [
            ("repo".to_owned(), "all".to_owned()),
            ("force".to_owned(), "true".to_owned()),
        ];

        let mut first = translator();
        events_of(&mut first, foreign_call(session, "running"));
        let asked = permissions(&events_of(&mut first, foreign_ask(session)));
        assert_eq!(asked[0].details, said);
        assert!(!asked[0].lacks_arguments);

        let mut later = translator();
        let asked = permissions(&events_of(&mut later, foreign_ask(session)));
        assert!(asked[0].lacks_arguments);
        let again = permissions(&events_of(&mut later, foreign_call(session, "running")));
        assert_eq!(again[0].details, said);
        // What does not change is sent once.
        let events = events_of(&mut later, foreign_call(session, "running"));
        assert_eq!(permissions(&events), []);
    }
}

#[test]
fn a_command_is_shown_with_all_its_lines() {
    let frame = r#"{"type":"permission.asked","properties":{"id":"per_1","sessionID":"ses_root","permission":"bash","patterns":["rm -f a.tmp"],"metadata":{"command":"rm -f a.tmp\n: > important.txt\nexport PATH=/tmp/evil:$PATH\n"},"always":[]}}"#;
    let mut translator = Translator::new("ses_root", "");

    let asked = permissions(&events_of(&mut translator, Event::parse(frame).unwrap()));

    let command = "rm -f a.tmp\n: > important.txt\nexport PATH=/tmp/evil:$PATH\n";
    assert_eq!(asked[0].subject, command);
}

fn events_of(translator: &mut Translator, event: Event) -> Vec<ChatEvent> {
    let mut events = Vec::new();
    translator.translate(event, &mut |event| events.push(event));
    events
}

#[test]
fn requests_of_sub_agents_at_any_depth_reach_the_conversation_and_foreign_ones_do_not() {
    let mut translator = Translator::new("ses_root", "");
    for (child, parent) in [
        ("ses_child", "ses_root"),
        ("ses_grandchild", "ses_child"),
        ("ses_x", "ses_y"),
    ] {
        let frame = format!(
            r#"{{"type":"session.created","properties":{{"info":{{"id":"{child}","parentID":"{parent}"}}}}}}"#
        );
        events_of(&mut translator, Event::parse(&frame).unwrap());
    }

    let mut asked = |session| events_of(&mut translator, ask(session, "per_1")).len();

    assert_eq!(
        [
            asked("ses_root"),
            asked("ses_child"),
            asked("ses_grandchild"),
            asked("ses_x")
        ],
        [1, 1, 1, 0]
    );
}

#[test]
fn a_request_left_by_an_abort_is_removed_when_its_session_is_idle() {
    let mut translator = Translator::new("ses_root", "");
    translator.learn_child("ses_child", "ses_root");
    events_of(&mut translator, ask("ses_child", "per_child"));
    events_of(&mut translator, ask("ses_root", "per_root"));

    let child_idle = events_of(
        &mut translator,
        Event::Idle {
            session_id: "ses_child".into(),
        },
    );
    let root_idle = events_of(
        &mut translator,
        Event::Idle {
            session_id: "ses_root".into(),
        },
    );

    assert_eq!(
        child_idle,
        [
            ChatEvent::PermissionReplied("per_child".into()),
            ChatEvent::SubAgent(
                "ses_child".into(),
                Box::new(ChatEvent::Status(TurnStatus::Idle))
            )
        ]
    );
    assert_eq!(
        root_idle,
        [
            ChatEvent::PermissionReplied("per_root".into()),
            ChatEvent::Status(TurnStatus::Idle)
        ]
    );
}

#[test]
fn the_catalog_offers_primary_agents_and_current_models_and_names_the_default() {
    let providers: Providers = serde_json::from_str(
        r#"{"providers":[{"id":"p","name":"P","source":"config","options":{"apiKey":"sk-secret"},"models":{"z":{"id":"z","name":"Zed","limit":{"context":1000,"output":1},"cost":{"input":0.25,"output":3},"capabilities":{"reasoning":true,"toolcall":true,"input":{"image":false}},"variants":{"low":{"effort":"low"},"off":{"disabled":true},"high":null,"max":{}}},"a":{"id":"a","name":"","limit":{}},"old":{"status":"deprecated"}}}],"default":{"p":"z"}}"#,
    )
    .unwrap();
    let agents: Vec<Agent> = serde_json::from_str(
        r#"[{"name":"build","mode":"primary"},{"name":"general","mode":"subagent"},{"name":"title","mode":"primary","hidden":true}]"#,
    )
    .unwrap();
    assert!(!format!("{providers:?}").contains("sk-secret"));

    let Catalog {
        models,
        agents,
        default_model,
    } = parts::catalog(providers.clone(), agents, None);
    let configured = parts::catalog(providers, Vec::new(), Some("p/a/b")).default_model;

    let zed = &models[0];
    let models: Vec<(&str, u64)> = models
        .iter()
        .map(|model| (model.name.as_str(), model.context_limit))
        .collect();
    assert_eq!(models, [("Zed", 1000), ("a", 0)]);
    assert_eq!(zed.provider_name, "P");
    let price = zed.price.map(|price| (price.input.0, price.output.0));
    assert_eq!(price, Some((250_000, 3_000_000)));
    let abilities: Vec<&str> = zed.abilities.names().collect();
    assert_eq!(abilities, ["reasoning", "tools"]);
    assert_eq!(zed.variants, ["low", "max"]);
    assert_eq!(agents.len(), 1);
    assert_eq!(
        default_model,
        Some(ModelRef {
            provider: "p".into(),
            model: "z".into()
        })
    );
    assert_eq!(
        configured,
        Some(ModelRef {
            provider: "p".into(),
            model: "a/b".into()
        })
    );
}

#[test]
fn subjects_are_one_line() {
    assert_eq!(plain::one_line("  ls -l\n  cat x\n"), "ls -l …");
    assert_eq!(plain::one_line(""), "");
    assert_eq!(plain::relative("/a/bc", "/a/b"), "/a/bc");
    assert_eq!(plain::relative("/a/b/c", "/a/b"), "c");
}

proptest! {
    #[test]
    fn damaged_recordings_never_panic(at in 0_usize..2000, junk in ".{0,3}", which in 0_usize..100) {
        let frames = frames("edit-diff-revert-unrevert");
        let frame = &frames[which % frames.len()];
        let cut = (0..=at.min(frame.len())).rev().find(|&at| frame.is_char_boundary(at)).unwrap_or(0);
        let damaged = format!("{}{junk}{}", &frame[..cut], &frame[cut..]);
        let mut translator = Translator::new("ses_JVrqh1", "/home/user/project");
        for text in [damaged.as_str(), &frame[..cut]] {
            if let Some(event) = Event::parse(text) {
                translator.translate(event, &mut |_| ());
            }
        }
    }
}
