//! Networking by `pasta` (of passt): a network of the sandbox's own, from which it reaches by any
//! protocol what this machine reaches.
//!
//! In: what is to be mounted. Out: the words of the command line that stand before the inner `bwrap`, which
//! then makes no network of its own. Pasta runs between the change of user and the inner `bwrap`, so it runs
//! as the sandbox's user, and as the parent of what it started it ends with it.
//!
//! Of this machine's loopback nothing is passed on, in neither direction. What pasta does not keep
//! away is told with the level ([`super::Isolation::told`]). Seen with pasta of 2023-03.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::programs::is_installed;
use super::unavailable::Unavailable;

/// What the kernel makes a network's other end from.
const DEVICE: &str = "/dev/net/tun";

/// The address at which the sandbox asks for names; pasta hands the questions to this machine's own
/// resolver, which may listen on loopback alone. The one that podman uses.
const RESOLVER: &str = "169.254.1.1";

/// Most resolvers that glibc reads.
const RESOLVERS: usize = 3;

/// The command up to what it is to run. Its own choice would be to open every loopback port of this
/// machine inside, and all of loopback at the gateway's address.
pub(super) const COMMAND: &str = "pasta -q --config-net -t none -u none -T none -U none \
     --no-map-gw --dns-forward 169.254.1.1 --";

/// A sandbox's `resolv.conf` for this text of the machine's.
pub(super) fn resolvers(machine: &str) -> String {
    let mut text = format!("nameserver {RESOLVER}\n");
    let mut left = RESOLVERS - 1;
    for line in machine.lines() {
        let Some(resolver) = line.trim().strip_prefix("nameserver") else {
            let _ = writeln!(text, "{line}");
            continue;
        };
        let near = resolver.trim().parse::<IpAddr>();
        // The rest is for a machine without IPv4; what is on loopback is not there inside.
        if left > 0 && !near.is_ok_and(|ip| ip.is_loopback()) {
            let _ = writeln!(text, "{line}");
            left -= 1;
        }
    }
    text
}

/// Has a shell of root mount what the inner `bwrap` needs where every user can reach it, then run what
/// follows. `bwrap` does that for other networks, but forbids for ever to what it runs to get rights
/// by starting a program; so does pasta for itself alone, and the inner `bwrap` needs them again.
///
/// The user gets a device of its own where the machine's is root's alone. It is no more than others
/// have by default: the right to change a network comes from elsewhere.
const STAGE: &str = "stage=$1; user=$2; shift 2
mount -t tmpfs -o mode=0755,nosuid stage \"$stage\"
while [ \"$1\" != -- ]; do
    if [ -d \"$2\" ]; then mkdir \"$3\"; else : > \"$3\"; fi
    mount --bind \"$2\" \"$3\"
    shift 3
done
shift
set -- $(stat -c '%t %T' /dev/net/tun) \"$@\"
mknod -m 0600 \"$stage/tun\" c $((0x$1)) $((0x$2))
chown \"$user\" \"$stage/tun\"
mount --bind \"$stage/tun\" /dev/net/tun
shift 2
exec \"$@\"";

/// Where the stage may be.
const PLACES: [&str; 3] = ["/tmp", "/dev/shm", "/mnt"];

/// A place for the stage that hides none of what is to be mounted on it.
pub(super) fn place(sources: &[&Path]) -> &'static str {
    let is_free = |place: &&&str| !sources.iter().any(|source| source.starts_with(place));
    PLACES.iter().find(is_free).unwrap_or(&PLACES[0])
}

/// The command that makes the stage: three words follow for each mount, `--`, and what is to be run.
pub(super) fn stage(place: &str, owner: u32) -> Vec<OsString> {
    let owner = owner.to_string();
    let words = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--",
        "/bin/sh",
        "-ec",
        STAGE,
        "sh",
        place,
        &owner,
    ];
    words.map(OsString::from).into()
}

fn is_open(mode: u32) -> bool {
    mode & 0o006 == 0o006
}

/// Why pasta does not work here, where bubblewrap does. `said`: its own words, if it had any.
pub(super) fn explain(said: Option<&str>, is_root: bool) -> Unavailable {
    let unavailable = |why: &str, next: &str| Unavailable {
        why: format!("network 'pasta' is not available: {why}"),
        next: next.to_owned(),
    };
    if !is_installed("pasta") {
        let next = "install the package passt, then `sandbar local stop`";
        return unavailable("it is not installed", next);
    }
    let Ok(device) = Path::new(DEVICE).metadata() else {
        let next = "load the kernel's module tun, or give the container the device /dev/net/tun";
        return unavailable("there is no /dev/net/tun", next);
    };
    if !is_root && !is_open(device.permissions().mode()) {
        let next = "as root: chmod 0666 /dev/net/tun, as udev sets it; then `sandbar local stop`";
        return unavailable("this user may not open /dev/net/tun", next);
    }
    let Some(said) = said else {
        return unavailable("it hangs", "");
    };
    if said.contains("No external routable interface") {
        return unavailable("this machine itself has no route to other networks", "");
    }
    // It tells first what matters less.
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    unavailable(last.unwrap_or("it ended without a message"), "")
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn the_command_forwards_names_to_the_resolver_that_the_sandbox_is_told() {
        assert!(COMMAND.contains(&format!("--dns-forward {RESOLVER} ")));
    }

    #[test]
    fn a_resolver_on_loopback_is_reached_by_the_forwarder_alone() {
        let stub = "# made by\nnameserver 127.0.0.53\nsearch example.org\noptions edns0\n";
        let many =
            "nameserver 192.0.2.1\nnameserver ::1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n";

        assert_eq!(
            resolvers(stub),
            "nameserver 169.254.1.1\n# made by\nsearch example.org\noptions edns0\n"
        );
        assert_eq!(
            resolvers(many),
            "nameserver 169.254.1.1\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n"
        );
    }

    #[test]
    fn the_stage_hides_nothing_of_what_it_is_for() {
        let paths = ["/tmp/a", "/home/b"].map(Path::new);

        assert_eq!(place(&paths), "/dev/shm");
        assert_eq!(place(&[Path::new("/var/lib/sandbar")]), "/tmp");
    }
}
