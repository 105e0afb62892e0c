//! Things that some machines lack and most tests do not need. A test that lacks one covers nothing and says so: the
//! gaps are written beside Cargo's target directory, and the program `tests/summary/main.rs`, which `cargo test`
//! starts last, lists them with the line that closes them. With [`REQUIRE_ALL`], a gap fails the test.
//!
//! It does not know what a test does with the program.

use std::fs;
use std::path::PathBuf;

/// The variable that turns a gap into a failure; CI sets it.
pub(crate) const REQUIRE_ALL: &str = "SANDBAR_TESTS_REQUIRE_ALL";

/// Something that a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Optional {
    /// User namespaces, by bubblewrap.
    IsolationFull,
    /// The kernel's Landlock.
    IsolationFilesystem,
    Pasta,
    Keyring,
    /// The terminal multiplexer.
    Tmux,
    /// A library that gives a program its own wall clock.
    FakeClock,
    /// Root, which alone can start a program as another user.
    Root,
}

impl Optional {
    pub(crate) const ALL: [Self; 7] = [
        Self::IsolationFull,
        Self::IsolationFilesystem,
        Self::Pasta,
        Self::Keyring,
        Self::Tmux,
        Self::FakeClock,
        Self::Root,
    ];

    /// What is not covered without it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::IsolationFull => "isolation full",
            Self::IsolationFilesystem => "isolation filesystem",
            Self::Pasta => "network pasta",
            Self::Keyring => "the desktop's keyring",
            Self::Tmux => "the clipboard inside tmux",
            Self::FakeClock => "a machine that sleeps, a wrong clock",
            Self::Root => "a server that is started by root",
        }
    }

    /// Debian's packages for it.
    pub(crate) fn packages(self) -> &'static [&'static str] {
        match self {
            Self::IsolationFull => &["bubblewrap"],
            Self::Pasta => &["passt"],
            Self::Keyring => &["dbus-daemon", "gnome-keyring", "libsecret-tools"],
            Self::Tmux => &["tmux"],
            Self::FakeClock => &["libfaketime"],
            Self::IsolationFilesystem | Self::Root => &[],
        }
    }

    /// Whether a test can run: `lacks` is `None`, or why not, which is recorded in the list of gaps.
    pub(crate) fn is_there(self, lacks: Option<&str>) -> bool {
        let gap = self.gap();
        let Some(why) = lacks else {
            // An earlier run may have left it.
            let _none = fs::remove_file(gap);
            return true;
        };
        assert!(
            std::env::var_os(REQUIRE_ALL).is_none(),
            "{} is not covered: {why}; {REQUIRE_ALL} is set, which makes this a failure",
            self.name()
        );
        fs::create_dir_all(gap.parent().unwrap()).unwrap();
        fs::write(gap, why).unwrap();
        false
    }

    /// Takes the reason why it was not covered in this run, if any.
    pub(crate) fn take_gap(self) -> Option<String> {
        let gap = self.gap();
        let why = fs::read_to_string(&gap).ok()?;
        fs::remove_file(gap).unwrap();
        Some(why)
    }

    fn gap(self) -> PathBuf {
        let tmp = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        tmp.join("test-gaps").join(format!("{self:?}"))
    }
}
