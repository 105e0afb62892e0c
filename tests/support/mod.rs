//! What the integration tests share: real programs, installed and started for them.

pub(crate) mod client;
#[expect(dead_code, reason = "the summary uses the rest")]
pub(crate) mod duration;
pub(crate) mod fault_proxy;
pub(crate) mod home;
pub(crate) mod http;
pub(crate) mod inside;
pub(crate) mod local;
pub(crate) mod log_files;
pub(crate) mod opencode;
#[expect(dead_code, reason = "the summary uses the rest")]
pub(crate) mod optional;
pub(crate) mod process;
pub(crate) mod provider;
pub(crate) mod screen;
pub(crate) mod serving;
pub(crate) mod set_up;
pub(crate) mod slot;
pub(crate) mod source;

/// A temporary directory that other users can enter: if the tests run as root, the sandboxes belong to other users.
pub(crate) fn folder() -> tempfile::TempDir {
    duration::measure();
    let folder = tempfile::tempdir().unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(folder.path(), everybody).unwrap();
    folder
}

/// Writes a script that can be executed at once. A separate process writes it: a process that a concurrent test
/// starts meanwhile would inherit the open file, and a file that is open for writing cannot be executed.
pub(crate) fn write_program(path: &std::path::Path, text: &str) {
    let mut writer = std::process::Command::new("sh")
        .args(["-c", r#"cat > "$0" && chmod 755 "$0""#])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, text.as_bytes()).unwrap();
    drop(stdin);
    assert!(writer.wait().unwrap().success());
}
