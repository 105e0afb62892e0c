//! Each kind of tool call while it runs, failed, folded and unfolded: from the JSON that the server sends.

use std::fmt::Write as _;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::view::draw_now;
use super::*;
use crate::app::chat::transcript::folds::ToolFold;
use crate::opencode::wire::event::Event;
use crate::session::chat::translate::Translator;

const STARTED: u64 = 1_800_000_090_000;

/// A chat with one call in this state.
fn called(tool: &str, state: &Value) -> ChatHarness {
    let mut translator = Translator::new("ses_root", "/home/user/project");
    let mut harness = ChatHarness::new();
    let message = json!({ "id": "msg_a", "sessionID": "ses_root", "role": "assistant", "time": { "created": STARTED } });
    let part = json!({
        "id": "prt_a", "sessionID": "ses_root", "messageID": "msg_a", "type": "tool", "callID": "call_a",
        "tool": tool, "state": state,
    });
    let events = [
        json!({ "type": "message.updated", "properties": { "sessionID": "ses_root", "info": message } }),
        json!({ "type": "message.part.updated", "properties": { "sessionID": "ses_root", "part": part } }),
    ];
    for event in events {
        let event = Event::parse(&event.to_string()).unwrap();
        translator.translate(event, &mut |event| harness.receive(event));
    }
    harness
}

/// The rows of the call alone.
fn picture(harness: &mut ChatHarness, width: u16) -> String {
    let screen = draw_now(harness, width, 60);
    let rows = screen.lines();
    let rows: Vec<&str> = rows.take_while(|row| !row.starts_with('─')).collect();
    rows.join("\n").trim_matches('\n').to_owned()
}

#[test]
fn each_kind_of_call_is_shown_running_failed_folded_and_unfolded() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tools.json");
    let calls: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for call in calls {
        let tool = call["tool"].as_str().unwrap();
        let name = call["name"].as_str().unwrap_or(tool);
        let time = json!({ "start": STARTED, "end": STARTED + 2_400 });
        let state = |status: &str, key: &str, value: &Value, metadata: &Value| json!({ "status": status, "input": call["input"], "title": "", "metadata": metadata, "time": time, key: value });
        let mut running = state("running", "live", &Value::Null, &call["live"]);
        running["time"] = json!({ "start": STARTED });
        let failed = state("error", "error", &call["error"], &json!({}));
        let completed = state("completed", "output", &call["output"], &call["metadata"]);
        for width in [80, 120] {
            let mut shown = String::new();
            for (title, state, fold) in [
                ("running", &running, ToolFold::Folded),
                ("failed", &failed, ToolFold::Folded),
                ("folded", &completed, ToolFold::Folded),
                ("unfolded", &completed, ToolFold::Open),
            ] {
                let mut harness = called(tool, state);
                if title == "running" {
                    harness.receive(ChatEvent::Status(TurnStatus::Busy));
                    harness.wait(3_000);
                }
                harness.chat.folds.tools = fold;
                let rows = picture(&mut harness, width);

                assert!(!rows.is_empty(), "{name}, {title}: nothing is shown");
                for markup in ["</", "{\"", "<path>", "<diagnostics"] {
                    assert!(!rows.contains(markup), "{name}, {title}: {rows}");
                }
                let _ = writeln!(shown, "## {title}\n{rows}\n");
            }
            assert_snapshot!(format!("tool_{name}_{width}"), shown.trim_end());
        }
    }
}

#[test]
fn the_tools_of_sub_agents_are_counted_also_of_those_that_ended_before() {
    let input = json!({ "description": "Look", "prompt": "look", "subagent_type": "general" });
    let metadata = json!({ "sessionId": "ses_child" });
    let time = json!({ "start": STARTED, "end": STARTED + 2_400 });
    let state = json!({ "status": "completed", "input": input, "title": "", "metadata": metadata,
        "time": time, "output": "done" });
    let mut harness = called("task", &state);
    harness.commands();
    let part = harness.chat.transcript.newest().next().unwrap().parts[0]
        .part
        .clone();
    let page = MessageWithParts {
        message: message("msg_a", Role::Assistant, STARTED),
        parts: vec![part],
    };
    harness.receive(ChatEvent::Resync(Box::new(resync(
        vec![page],
        TurnStatus::Idle,
    ))));
    assert_eq!(
        harness.commands(),
        [SessionCommand::CountTools("ses_child".into())]
    );
    assert!(!picture(&mut harness, 80).contains("tool"));

    harness.receive(ChatEvent::SubAgentTools("ses_child".into(), 123));
    let rows = picture(&mut harness, 80);
    assert!(rows.contains("123 tools"), "{rows}");
}
