//! The list of links.

use pretty_assertions::assert_eq;

use super::*;
use crate::domain::chat::{Message, MessageWithParts, Part, Role};
use crate::domain::testing;

const ANSWER: &str = "See [the guide](https://e.org/guide?part=1#top) and [the guide again](https://e.org/guide?part=1#top), \
     [a trap](javascript:x), [ev\u{1b}il](https://e.org/\u{202e}x), write to <mailto:me@e.org>, or https://plain.org/a.";

fn with_links() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live);
    let long = format!("https://long.org/{}", "path/".repeat(30));
    let texts = [("msg_1", ANSWER.to_owned()), ("msg_2", long)];
    let messages = texts.into_iter().enumerate().map(|(at, (id, text))| {
        let at = UnixMillis(NOON - 5000 + u64::try_from(at).unwrap());
        MessageWithParts {
            message: Message::new(id, Role::Assistant, at),
            parts: vec![Part::text(id, id, &text, true)],
        }
    });
    let resync = testing::resync(messages.collect(), TurnStatus::Idle);
    script.session(
        "one",
        SessionEvent::Chat(ChatEvent::Resync(Box::new(resync))),
    );
    script.keys("esc");
    script.asked();
    script
}

#[test]
fn links_are_numbered_and_only_harmless_ones_are_there() {
    let mut script = with_links();
    script.keys("L");
    for (width, height) in [(80, 24), (120, 36)] {
        let screen = script.screen(width, height);
        insta::assert_snapshot!(format!("links_{width}x{height}"), screen);
    }
}

#[test]
fn a_link_is_opened_by_its_number_or_copied() {
    let mut script = with_links();

    script.keys("L 4 enter");
    let wanted = Effect::OpenLink("https://e.org/guide?part=1#top".to_owned());
    assert_eq!(script.asked(), [wanted]);

    script.keys("L 9 2 j k y");
    let wanted = Effect::Copy("https://plain.org/a".to_owned());
    assert_eq!(script.asked(), [wanted]);

    script.keys("L x esc");
    assert!(script.asked().is_empty());
    assert!(!script.screen(80, 24).contains("Links, newest first"));
}

#[test]
fn without_links_a_notice_says_so() {
    let mut script = Script::with_stored(vec![row("one", 1)]);
    script.phase("one", Phase::Live).keys("esc L");

    assert!(
        script
            .screen(80, 24)
            .contains("no links in the loaded messages")
    );
}
