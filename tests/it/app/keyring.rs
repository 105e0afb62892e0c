//! A key that only the desktop's keyring has, with a real keyring on its own session bus.

use crate::support::optional::Optional;
use crate::support::process::on_path;
use crate::support::provider::Provider;

const KEY: &str = "sk-in-the-keyring-alone";

/// `$1` is the program, the rest are its arguments.
const WITH_KEYRING: &str = r#"
set -eu
printf login | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
printf %s "$KEY" | secret-tool store --label=DEEPSEEK_API_KEY service sandbar account DEEPSEEK_API_KEY
unset KEY
"$@"
"#;

#[test]
fn a_key_that_only_the_keyring_has_reaches_the_provider() {
    let needed = ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"];
    let missing = needed.into_iter().find(|program| !on_path(program));
    let lacks = missing.map(|program| format!("there is no {program}"));
    if !Optional::Keyring.is_there(lacks.as_deref()) {
        return;
    }
    let provider = Provider::start("api.deepseek.com", KEY);
    let Some(home) = provider.home() else {
        return;
    };
    let home = home.set("KEY", KEY);
    let program = env!("CARGO_BIN_EXE_sandbar");
    let bus = ["--", "sh", "-c", WITH_KEYRING, "sh", program, "run"];
    let run = [
        "--empty",
        "--model",
        "deepseek/deepseek-flash",
        "--auto",
        "table please",
    ];

    let ran = home.run_of("dbus-run-session", &[&bus[..], &run].concat());

    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("Baikal"), "{ran:?}");
}
