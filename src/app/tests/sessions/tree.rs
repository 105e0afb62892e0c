//! The conversations in one sandbox, and the sub-agents that work for one, below each other.

use pretty_assertions::assert_eq;

use crate::app::sessions::RowTarget;
use crate::app::sessions::lines::ListLine;
use crate::app::tests::*;
use crate::app::view::theme::{Characters, Colours};
use crate::domain::chat::tool_call::{TaskCall, ToolCall, ToolDetail, ToolStatus};
use crate::domain::chat::{Message, Part, PartKind, Role};
use crate::domain::session::activity::Activity;

/// A session in this sandbox; `age` is in minutes.
fn in_sandbox(name: &str, id: &str, age: u64) -> SessionSummary {
    SessionSummary {
        sandbox: sandbox(id),
        title: format!("About {name}"),
        opencode_session: Some(OpencodeSessionId::from(format!("ses_{name}").as_str())),
        ..row(name, age * 60_000)
    }
}

/// Three conversations in one sandbox, the newest of which is the newest session; `docs` is on the screen.
fn listed() -> Script {
    let docs = SessionSummary {
        shown: Some(UnixMillis(NOON)),
        ..in_sandbox("docs", "sbx-2", 20)
    };
    let mut script = Script::with_stored(vec![
        in_sandbox("third", "sbx-1", 10),
        docs,
        in_sandbox("second", "sbx-1", 30),
        in_sandbox("first", "sbx-1", 40),
        in_sandbox("old", "sbx-3", 50),
    ]);
    for key in ["first", "second", "third", "old"] {
        script.session(key, SessionEvent::Activity(Activity::Idle));
    }
    script.phase("docs", Phase::Live);
    script.status("docs", TurnStatus::Idle);
    script.keys("ctrl-x l");
    script.asked();
    script
}

fn needs_you(script: &mut Script, key: &str) {
    let line = "bash: cargo publish".to_owned();
    script.session(key, SessionEvent::Activity(Activity::NeedsYou(line)));
}

fn names(script: &Script) -> Vec<&str> {
    let lines = script.app.list.lines();
    let names = lines.filter_map(|line| match line {
        ListLine::Session(row) => Some(row.name.as_str()),
        ListLine::Gone(_) | ListLine::Sandbox(_) => None,
    });
    names.collect()
}

#[test]
fn the_conversations_of_a_sandbox_are_below_the_one_that_began_it() {
    let mut script = listed();
    assert_eq!(names(&script), ["first", "second", "third", "docs", "old"]);
    insta::assert_snapshot!("tree_80x24", script.screen(80, 24));
    insta::assert_snapshot!("tree_120x36", script.screen(120, 36));
    script.theme = Theme::new(Colours::None, Characters::Ascii);
    insta::assert_snapshot!("tree_ascii", script.screen(80, 24));
}

#[test]
fn a_tree_stands_where_the_first_of_its_sessions_would_stand() {
    let mut script = listed();
    needs_you(&mut script, "old");
    assert_eq!(names(&script), ["old", "first", "second", "third", "docs"]);
    needs_you(&mut script, "second");
    assert_eq!(names(&script), ["first", "second", "third", "old", "docs"]);

    script.session("old", SessionEvent::Activity(Activity::Idle));
    script.session("second", SessionEvent::Activity(Activity::Idle));
    script.keys("G P");
    assert_eq!(names(&script), ["old", "first", "second", "third", "docs"]);
}

#[test]
fn a_folded_tree_has_its_root_alone_and_whoever_needs_the_user() {
    let mut script = listed();
    script.keys("g j j t");
    assert_eq!(names(&script), ["first", "docs", "old"]);
    let root = RowTarget::Session("first".into());
    assert_eq!(script.app.list.selected(), Some(root));
    let screen = script.screen(80, 24);
    assert!(screen.contains("▸ 2 more About first"), "{screen}");
    // The slots are the sessions that have a row.
    assert_eq!(script.app.list.session_at(1).unwrap().name, "docs");

    needs_you(&mut script, "third");
    assert_eq!(names(&script), ["first", "third", "docs", "old"]);
    let screen = script.screen(80, 24);
    assert!(screen.contains("└ ! third"), "{screen}");
    // A filter finds what is folded.
    script.keys("/").type_text("about second");
    assert_eq!(names(&script), ["second"]);
    assert!(!script.screen(80, 24).contains('└'));
    script.keys("esc g t");
    assert_eq!(names(&script), ["first", "second", "third", "docs", "old"]);

    script.keys("G t");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains("no other conversation in its sandbox"),
        "{screen}"
    );
}

#[test]
fn marks_are_for_rows_that_are_seen_and_what_is_on_the_screen_keeps_its_row() {
    let mut script = listed();
    script.keys("*");
    assert_eq!(script.app.list.marks(), 5);
    script.keys("g t");
    assert_eq!(script.app.list.marks(), 3);

    script.keys("esc t G k k k enter");
    assert_eq!(script.shown(), "second");
    script.keys("ctrl-x l t");
    assert_eq!(names(&script), ["first", "second", "docs", "old"]);
}

fn task(id: &str, agent: &str, description: &str, status: ToolStatus) -> ChatEvent {
    ChatEvent::Part(Part {
        id: id.into(),
        message: "msg_2".into(),
        kind: PartKind::Tool(Box::new(ToolCall {
            tool: "task".to_owned(),
            call_id: format!("call_{id}"),
            status,
            subject: description.to_owned(),
            title: None,
            input: Vec::new(),
            output: String::new(),
            detail: ToolDetail::Task(TaskCall {
                agent: agent.to_owned(),
                description: description.to_owned(),
                ..TaskCall::default()
            }),
            started: None,
            ended: None,
            error: None,
        })),
    })
}

#[test]
fn sub_agents_are_below_their_conversation_while_they_work() {
    let mut script = listed();
    let chat = |script: &mut Script, event| {
        script.session("docs", SessionEvent::Chat(event));
    };
    script.status("docs", TurnStatus::Busy);
    let answer = Message::new("msg_2", Role::Assistant, UnixMillis(NOON));
    chat(&mut script, ChatEvent::Message(answer));
    for number in 1..=4 {
        let what = format!("look at \u{1b}[31mpart {number}");
        let begun = task(
            &format!("prt_{number}"),
            "explore",
            &what,
            ToolStatus::Running,
        );
        chat(&mut script, begun);
    }
    let screen = script.screen(80, 24);
    for row in [
        "└ explore: look at part 1",
        "└ explore: look at part 2",
        "└ 2 more",
    ] {
        assert!(screen.contains(row), "{screen}");
    }

    chat(
        &mut script,
        task("prt_1", "explore", "look", ToolStatus::Completed),
    );
    chat(
        &mut script,
        task("prt_2", "explore", "look", ToolStatus::Completed),
    );
    let screen = script.screen(80, 24);
    assert!(!screen.contains("part 1") && screen.contains("└ explore: look at part 4"));
    script.status("docs", TurnStatus::Idle);
    assert!(!script.screen(80, 24).contains("explore"));
}
