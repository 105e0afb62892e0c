use super::*;
use crate::app::Pane;
use crate::app::input::key::{Mouse, MouseKind};
use crate::domain::chat::{Catalog, Model, ModelRef};
use crate::domain::session::SessionCommand;

fn live() -> Script {
    let mut script = Script::with_stored(vec![row("one", 1), row("two", 2)]);
    script.phase("one", Phase::Live);
    script.status("one", TurnStatus::Idle);
    script
}

fn prompts(effects: Vec<Effect>) -> Vec<String> {
    effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command(_, SessionCommand::Prompt(prompt)) => Some(prompt.text),
            _ => None,
        })
        .collect()
}

#[test]
fn printable_keys_go_to_the_composer_and_enter_sends() {
    let mut script = live();

    script.type_text("n? 1D").keys("enter");
    script.wait(Duration::from_secs(1));

    assert_eq!(prompts(script.asked()), ["n? 1D"]);
    assert_eq!(script.app.focus.pane(), Pane::Chat);
}

#[test]
fn tab_and_digits_move_the_focus_only_outside_the_composer() {
    let mut script = live();

    script.keys("1");
    assert_eq!(script.app.focus.pane(), Pane::Chat);
    script.keys("f6");
    assert_eq!(script.app.focus.pane(), Pane::Logs);
    script.keys("1");
    assert_eq!(script.app.focus.pane(), Pane::Sessions);
    script.keys("shift-tab");
    assert_eq!(script.app.focus.pane(), Pane::Logs);
    script.keys("2 tab");
    assert_eq!(script.app.focus.pane(), Pane::Chat);
    script.keys("shift-f6");
    assert_eq!(script.app.focus.pane(), Pane::Sessions);
}

#[test]
fn the_leader_waits_for_the_next_key_however_long_that_takes() {
    let mut script = live();

    script.keys("ctrl-x").wait(Duration::from_mins(3));
    assert!(script.screen(80, 24).contains("esc cancels"));
    script.keys("o");

    assert_eq!(script.app.focus.pane(), Pane::Logs);
    assert!(script.app.composer_is_empty());
}

#[test]
fn esc_cancels_the_leader_silently() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);

    script.keys("ctrl-x esc").wait(Duration::from_secs(1));

    assert!(!script.app.leader.is_waiting());
    assert!(script.app.status.notice().is_none());
    assert!(!script.screen(80, 24).contains("again to stop"));
}

#[test]
fn a_paste_cancels_the_leader_and_is_text() {
    let mut script = live();

    script.keys("ctrl-x");
    script.event(Event::Paste("q".to_owned()));
    script.keys("l");

    assert_eq!(script.app.session().unwrap().chat.draft(), "ql");
}

#[test]
fn an_unknown_key_after_the_leader_is_named_and_not_typed() {
    let mut script = live();

    script.keys("ctrl-x ä");

    assert!(script.app.composer_is_empty());
    assert_eq!(
        script.app.status.notice(),
        Some("ctrl-x ä does nothing here")
    );
}

#[test]
fn keys_that_do_not_fit_on_a_small_screen_are_counted() {
    let mut script = live();
    script.keys("ctrl-x").wait(Duration::from_secs(1));

    let small = script.screen(40, 8);
    let large = script.screen(120, 36);

    assert!(small.contains(" more: see the help"), "{small}");
    assert!(!large.contains(" more: see the help"), "{large}");
}

#[test]
fn ctrl_c_clears_then_arms_then_quits() {
    let mut script = live();

    script.type_text("half a thought").keys("ctrl-c");
    assert!(script.app.composer_is_empty());
    assert!(!script.app.status.is_quit_armed());

    script.keys("ctrl-c");
    assert!(script.app.status.is_quit_armed());
    script.asked();
    script.keys("ctrl-c");
    assert!(script.asked().contains(&Effect::Quit));
}

#[test]
fn ctrl_c_twice_with_a_long_pause_does_not_quit() {
    let mut script = live();

    script
        .keys("ctrl-c")
        .wait(Duration::from_secs(2))
        .keys("ctrl-c");

    assert!(!script.asked().contains(&Effect::Quit));
}

#[test]
fn ctrl_c_twice_while_the_agent_works_stops_the_turn() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);

    script.keys("ctrl-c ctrl-c");

    let abort = Effect::Command(SessionKey::from("one"), SessionCommand::Abort);
    assert_eq!(script.asked(), [abort]);
}

#[test]
fn ctrl_d_quits_only_on_an_empty_composer() {
    let mut script = live();

    script.type_text("x").keys("ctrl-d");
    assert!(!script.asked().contains(&Effect::Quit));

    script.keys("backspace ctrl-d");
    assert!(script.asked().contains(&Effect::Quit));
}

#[test]
fn quitting_while_the_agent_works_asks_first() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);

    script.keys("ctrl-x q");
    assert_eq!(script.asked(), []);
    script.keys("n");
    assert!(script.app.overlays.is_empty());
    assert_eq!(script.asked(), []);

    script.keys("ctrl-x q y");
    assert_eq!(script.asked(), [Effect::Quit]);
}

#[test]
fn a_dialog_receives_all_other_keys() {
    let mut script = live();
    script.keys("ctrl-x l D");
    script.asked();

    script.keys("f6 p x ctrl-x o");

    assert_eq!(script.asked(), []);
    assert_eq!(script.app.focus.pane(), Pane::Sessions);
    assert_eq!(script.app.overlays.iter().count(), 1);
}

#[test]
fn suspend_and_redraw_work_everywhere() {
    let mut script = live();

    script.keys("ctrl-z f1 ctrl-l");

    assert_eq!(script.asked(), [Effect::Suspend, Effect::Redraw]);
}

#[test]
fn keys_of_the_user_replace_ours_in_the_whole_app() {
    let keymap = Keymap::with(&[("app.logs".to_owned(), vec!["f2".parse().unwrap()])]).unwrap();
    let mut script = Script::started(AppOptions {
        keymap,
        ..options()
    });

    script.keys("f2");

    assert_eq!(script.app.focus.pane(), Pane::Logs);
}

#[test]
fn an_unbound_key_does_nothing() {
    let keymap = Keymap::with(&[("chat.send".to_owned(), vec!["f5".parse().unwrap()])]).unwrap();
    let mut script = Script::started(AppOptions {
        keymap,
        ..options()
    });
    script.event(Event::Reply(Reply::Sessions(Vec::new())));

    script.type_text("hello").keys("enter");
    script.wait(Duration::from_secs(1));
    assert_eq!(prompts(script.asked()), Vec::<String>::new());

    script.keys("f5").wait(Duration::from_secs(1));
    assert_eq!(prompts(script.asked()), ["hello"]);
}

#[test]
fn vim_takes_esc_before_it_means_anything_else() {
    let mut script = Script::started(AppOptions {
        vim: true,
        ..options()
    });
    script.event(Event::Reply(Reply::Sessions(Vec::new())));
    let in_transcript = |script: &Script| script.app.session().unwrap().chat.is_read();

    script.type_text("one two");
    assert!(script.screen(80, 24).contains("esc normal mode"));
    script.keys("esc");
    let screen = script.screen(80, 24);
    assert!(
        screen.contains(" NORMAL ") && screen.contains("esc scroll"),
        "{screen}"
    );
    assert!(!in_transcript(&script));

    script.type_text("2d").keys("esc");
    assert!(!in_transcript(&script));

    script.type_text("x").keys("esc");
    assert!(in_transcript(&script));
    assert!(!script.screen(80, 24).contains(" NORMAL "));
    assert_eq!(script.app.session().unwrap().chat.draft(), "one tw");
}

#[test]
fn the_leader_and_enter_are_the_same_with_vim() {
    let mut script = Script::started(AppOptions {
        vim: true,
        ..options()
    });
    script.event(Event::Reply(Reply::Sessions(Vec::new())));

    script.type_text("one two").keys("esc").type_text("v");
    script.keys("ctrl-x q");
    assert!(script.asked().contains(&Effect::Quit));

    script.keys("esc enter").wait(Duration::from_secs(1));
    assert_eq!(prompts(script.asked()), ["one two"]);
    assert!(script.screen(80, 24).contains(" INSERT "));
}

#[test]
fn attached_there_is_only_the_chat() {
    let mut script = Script::attached();

    script.keys("f6 ctrl-x l ctrl-x o ctrl-x n");

    assert_eq!(script.app.focus.pane(), Pane::Chat);
    assert_eq!(script.asked(), []);
}

#[test]
fn the_mouse_is_off_until_enabled() {
    let mut script = live();

    script.keys("ctrl-x w ctrl-x w");

    let asked = [Effect::CaptureMouse(true), Effect::CaptureMouse(false)];
    assert_eq!(script.asked(), asked);
}

#[test]
fn a_click_focuses_and_opens_what_is_under_it() {
    use crate::app::input::key::{Mouse, MouseKind};
    let mut script = live();
    script.draw(120, 36);

    script.event(Event::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 5,
        row: 4,
    }));
    assert_eq!(script.shown(), "two");

    script.event(Event::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 5,
        row: 34,
    }));
    assert_eq!(script.app.focus.pane(), Pane::Logs);
}

#[test]
fn what_is_written_stays_where_nothing_can_be_sent() {
    let mut script = live();
    script.status("one", TurnStatus::Busy);
    script.phase(
        "one",
        Phase::Gone(Failure::new("the sandbox no longer exists")),
    );
    script.asked();

    script.type_text("too late").keys("enter");
    script.wait(Duration::from_secs(2));

    assert_eq!(prompts(script.asked()), Vec::<String>::new());
    assert!(script.screen(80, 24).contains("too late"));
    // The turn that was running is not shown as running for ever.
    assert_eq!(script.app.animation_due(script.now), None);
}

#[test]
fn a_request_is_answered_from_the_middle_of_a_sentence() {
    let mut script = live();
    script.type_text("and then");
    script.session("one", SessionEvent::Chat(permission()));
    script.asked();

    script
        .keys("1")
        .keys("f6")
        .keys("ctrl-x p")
        .wait(Duration::from_secs(1))
        .keys("1");
    script.wait(Duration::from_secs(1));

    assert_eq!(replies(&mut script), 1);
    assert_eq!(script.app.focus.pane(), Pane::Chat);
    assert!(script.screen(80, 24).contains("and then1"));
}

#[test]
fn a_press_of_the_mouse_finds_panel_and_composer() {
    let mut script = live();
    script.type_text("so");
    script.session("one", SessionEvent::Chat(permission()));
    script.asked();

    press_on(&mut script, "once");
    script.wait(Duration::from_secs(1)).keys("3");
    script.wait(Duration::from_secs(1));
    assert_eq!(replies(&mut script), 1);

    script.session("one", SessionEvent::Chat(permission()));
    press_on(&mut script, "so");
    script.wait(Duration::from_secs(1)).keys("3");
    assert!(script.screen(80, 24).contains("so3"));
}

#[test]
fn a_model_is_chosen_for_the_prompts_to_come() {
    let mut script = live();
    script.keys("ctrl-x m");
    assert!(script.app.overlays.is_empty());
    let models = ["sonnet-5", "opus-5", "haiku-5"].map(|id| Model {
        reference: ModelRef {
            provider: "anthropic".to_owned(),
            model: id.to_owned(),
        },
        name: format!("Claude {id}"),
        context_limit: 200_000,
        ..Model::default()
    });
    let catalog = Catalog {
        models: models.to_vec(),
        ..Catalog::default()
    };
    script.session("one", SessionEvent::Chat(ChatEvent::Catalog(catalog)));

    script.keys("ctrl-x m").type_text("5").keys("down");
    insta::assert_snapshot!(script.screen(80, 24));
    script.keys("enter").type_text("hello").keys("enter");

    let models: Vec<Option<ModelRef>> = script
        .asked()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Command(_, SessionCommand::Prompt(prompt)) => Some(prompt.model),
            _ => None,
        })
        .collect();
    assert_eq!(models.len(), 1);
    assert_eq!(
        models[0].as_ref().map(|model| model.model.as_str()),
        Some("opus-5")
    );
}

/// How many permissions were answered since the last call.
fn replies(script: &mut Script) -> usize {
    let is_reply = |effect: &Effect| {
        matches!(
            effect,
            Effect::Command(_, SessionCommand::ReplyPermission { .. })
        )
    };
    script
        .asked()
        .iter()
        .filter(|effect| is_reply(effect))
        .count()
}

/// Presses the mouse on the first row that shows `words`.
fn press_on(script: &mut Script, words: &str) {
    let screen = script.screen(80, 24);
    let row = screen.lines().position(|line| line.contains(words));
    script.event(Event::Mouse(Mouse {
        kind: MouseKind::Press,
        column: 10,
        row: u16::try_from(row.unwrap()).unwrap(),
    }));
}
