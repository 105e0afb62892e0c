//! The root of the model only routes: few files implement it, and it accesses no field of its parts.

use std::path::Path;

use super::sources;

/// Where `App` has methods: events and their outcomes, and the views.
const ROOT: &[&str] = &[
    "app/mod.rs",
    "app/session/composer_notices.rs",
    "app/session/start.rs",
    "app/update.rs",
    "app/session/conversations.rs",
    "app/session/lists.rs",
    "app/session/password.rs",
    "app/session/peek.rs",
    "app/session/routing.rs",
    "app/session/row_actions.rs",
    "app/sessions/bulk_update.rs",
    "app/input/mouse.rs",
    "app/timers.rs",
    "app/sessions/unattached/update.rs",
    "app/session/boot/recovery.rs",
    "app/view/mod.rs",
    "app/view/peek.rs",
    "app/view/bars.rs",
    "app/view/footer.rs",
    "app/view/hints.rs",
    "app/overlay/confirmed.rs",
    "app/overlay/view/mod.rs",
    "app/overlay/view/help.rs",
    "app/overlay/models/rows.rs",
    "app/overlay/changes/apply.rs",
    "app/overlay/changes/discard.rs",
    "app/overlay/changes/from_home.rs",
    "app/overlay/changes/update.rs",
    "app/overlay/changes/view.rs",
    "app/overlay/login/update.rs",
    "app/overlay/login/view.rs",
    "app/overlay/models/choose.rs",
    "app/overlay/models/view.rs",
    "app/overlay/server/rows.rs",
    "app/overlay/text_search/update.rs",
    "app/overlay/text_search/view.rs",
    "app/overlay/server/update.rs",
    "app/overlay/server/view.rs",
    "app/overlay/view/picker.rs",
    "app/overlay/palette/reasons.rs",
    "app/overlay/palette/rows.rs",
    "app/overlay/palette/choose.rs",
    "app/overlay/palette/view.rs",
];

/// The parts of `App`, and their parts: their fields are private.
const PARTS: &[&str] = &[
    "app/sessions/all_sessions.rs",
    "app/sessions/unattached/refresh.rs",
    "app/sessions/removals.rs",
    "app/sessions/notifications.rs",
    "app/sessions/bulk.rs",
    "app/time/clock_reading.rs",
    "app/input/leader_keys.rs",
    "app/mod.rs",
    "app/session/open_sessions.rs",
    "app/session/mod.rs",
    "app/overlay/mod.rs",
    "app/pane.rs",
    "app/session/paused_elsewhere.rs",
    "app/overlay/peek.rs",
    "app/overlay/picker.rs",
    "app/overlay/secret_entry.rs",
    "app/sessions/mod.rs",
    "app/status_line.rs",
    "app/input/typeahead.rs",
    "app/overlay/kill_confirm.rs",
    "app/sessions/watched.rs",
];

/// Fields of parts that are visible outside, each with a reason.
const SEEN: &[(&str, &[&str])] = &[
    // The program's start options: plain data from the command line.
    (
        "app/mod.rs",
        &[
            "mode",
            "keymap",
            "mouse",
            "vim",
            "utc_offset_minutes",
            "prices",
            "notify_unknown_focus",
        ],
    ),
    // Parts with private fields of their own.
    ("app/session/mod.rs", &["chat", "logs", "server", "changes"]),
];

/// Whether a file has methods of `App`.
fn implements_app(source: &str) -> bool {
    source.lines().any(|line| line == "impl App {")
}

/// The fields that others can see.
fn visible_fields(source: &str) -> Vec<&str> {
    let fields = source.lines().filter_map(|line| {
        let declared = line.strip_prefix("    pub")?;
        let declared = match declared.strip_prefix('(') {
            Some(rest) => rest.split_once(") ")?.1,
            None => declared.strip_prefix(' ')?,
        };
        let (name, _) = declared.split_once(": ")?;
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        is_name.then_some(name)
    });
    fields.collect()
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_root_of_the_model_is_implemented_in_few_files() {
    let in_app = sources().iter().map(|file| file.path.as_str());
    let in_app = in_app.filter(|path| path.starts_with("app/"));
    let mut found: Vec<&str> = in_app.filter(|path| implements_app(&read(path))).collect();
    let mut allowed = ROOT.to_vec();
    found.sort_unstable();
    allowed.sort_unstable();

    assert_eq!(found, allowed);
}

#[test]
fn the_parts_of_the_root_keep_their_fields_to_themselves() {
    for path in PARTS {
        let seen = SEEN.iter().find(|(file, _)| file == path);
        let seen = seen.map_or(&[][..], |(_, fields)| *fields);

        assert_eq!(visible_fields(&read(path)), seen, "{path}");
    }
}

#[test]
fn a_field_that_others_see_is_found_and_a_function_is_none() {
    let source = "pub(super) struct Part {\n    own: u8,\n    pub(super) seen: u8,\n    pub all: u8,\n}\n\
                  impl Part {\n    pub(super) fn get(&self, key: &str) -> u8 {\n        0\n    }\n}\n";

    assert_eq!(visible_fields(source), ["seen", "all"]);
    assert!(!implements_app(source));
    assert!(implements_app("impl App {\n}\n"));
}
