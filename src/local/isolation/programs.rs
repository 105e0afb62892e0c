//! The programs of the system that isolate sandboxes.

use std::path::Path;

/// Where programs are looked for.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Whether a program is installed there.
pub(super) fn is_installed(program: &str) -> bool {
    let mut folders = PATH.split(':').map(Path::new);
    folders.any(|folder| folder.join(program).is_file())
}
