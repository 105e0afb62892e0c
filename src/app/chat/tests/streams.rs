//! What a conversation looks like at the end of each recorded stream of a real server.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use super::view::draw_now;
use super::*;
use crate::opencode::wire::event::Event;
use crate::session::chat::translate::Translator;

/// A chat that has received a recorded stream.
fn replayed(path: &Path) -> ChatHarness {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let frames: Vec<Value> = lines
        .filter_map(|mut line| {
            ["ev", "gev"]
                .iter()
                .find_map(|key| line.get_mut(*key).map(Value::take))
        })
        .collect();
    let mut ids = frames.iter().map(Value::to_string);
    let root = ids
        .find_map(|frame| {
            let (_, rest) = frame.split_once(r#""sessionID":""#)?;
            Some(rest.split('"').next()?.to_owned())
        })
        .unwrap_or_default();
    let mut translator = Translator::new(&root, "/home/user/project");
    let mut harness = ChatHarness::new();
    for event in frames
        .iter()
        .filter_map(|frame| Event::parse(&frame.to_string()))
    {
        translator.translate(event, &mut |event| harness.receive(event));
    }
    harness
}

/// The streams that show most of what a conversation can have, which are drawn on a wide screen too.
const MAIN: [&str; 8] = [
    "bash",
    "compaction_auto",
    "error_midstream_retry",
    "permission_once",
    "question",
    "reasoning",
    "subagent",
    "todo",
];

#[test]
fn each_recorded_stream_shows_a_conversation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/opencode");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_main = MAIN.contains(&name.as_str());
        let wide = is_main.then_some((200, 50));
        for (width, height) in [(80, 24), (120, 36)].into_iter().chain(wide) {
            let mut harness = replayed(&path);
            let shown = draw_now(&mut harness, width, height);

            assert!(!shown.contains("</"), "{name}: {shown}");
            assert_snapshot!(format!("stream_{name}_{width}x{height}"), shown);
        }
    }
}
