//! Whether this program may open enough files. With too few, parts of the async runtime panic, and everything else
//! fails one by one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::domain::failure::Failure;

/// Enough for a command with its threads, the store and some connections, with a margin.
const NEEDED: u64 = 64;

/// Raises the limit if it is too low and may be raised.
pub(in crate::cli) fn ensure() -> Result<(), Failure> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|limit| limit >= NEEDED) {
        return Ok(());
    }
    let most = maximum.map_or(NEEDED, |most| most.min(NEEDED));
    let current = Some(most);
    let raised = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    if raised.is_ok() && most >= NEEDED {
        return Ok(());
    }
    let what = format!("sandbar may open only {most} files at a time, and needs {NEEDED}");
    Err(Failure::new(what)
        .detail("the limit on open files is too low (`ulimit -n`)")
        .hint("raise it, or start sandbar from a shell without it"))
}
