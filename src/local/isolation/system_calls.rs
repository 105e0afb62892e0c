//! The system calls that no process of a sandbox may make: a seccomp filter, at every level.
//!
//! It denies what the default profile of container engines denies to a container without privileges
//! (<https://docs.docker.com/engine/security/seccomp/>), as a list of what is denied rather than of
//! what is allowed, and answers calls that are newer than the list as an older kernel would:
//!
//! | what | answer |
//! |---|---|
//! | keys of the kernel, `bpf`, `perf_event_open`, `userfaultfd`, `io_uring`, modules, kexec, clocks, swap, quotas, memory placement, handles of files, and the like | `EPERM` |
//! | `ioctl` that types into a terminal or speaks to the console (`TIOCSTI`, `TIOCLINUX`) | `EPERM` |
//! | `personality`, but for 32-bit names and switched-off address randomisation, which debuggers need | `EPERM` |
//! | sockets other than Unix, IPv4, IPv6 and netlink, hence vsock too | `EAFNOSUPPORT` |
//! | calls newer than Linux 6.17 | `ENOSYS` |
//! | programs of another architecture, 32-bit ones too | killed (SIGSYS) |
//!
//! At levels full and filesystem also namespaces and mounts (`EPERM`; `clone3` is `ENOSYS`, for its flags
//! cannot be seen, and libraries then use `clone`). At level none they are left to programs that shut
//! themselves off (browsers, bubblewrap), since there is nothing else that does.
//!
//! At level filesystem under the account of the user, whom landlock does not keep from changing what a
//! file is without opening it: changes of owner and of extended attributes by path (`EPERM`,
//! `EOPNOTSUPP`), and limits of other processes (`EPERM`). Changes of mode and of times by path are
//! allowed: `chmod +x`, npm, git and tar need them, and the filter sees no paths.

use std::collections::BTreeMap;
use std::io;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads, sock_filter,
};
use serde::{Deserialize, Serialize};

/// What is denied beyond what always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::local) struct DeniedCalls {
    /// New namespaces and mounts.
    pub(in crate::local) namespaces: bool,
    /// What reaches other files and processes of the same user in spite of landlock.
    pub(in crate::local) reach: bool,
}

/// The newest call that was looked at: `file_setattr` of Linux 6.17. From 424 on numbers are the same
/// on all architectures. The numbers of the x32 ABI are higher too.
const NEWEST: u32 = 469;

// Newer than those that the crate libc names.
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
const OPEN_TREE_ATTR: i64 = 467;
const FILE_SETATTR: i64 = 469;

/// `TIOCSTI` and `TIOCLINUX` of `asm-generic/ioctls.h`.
const TERMINAL_INPUT: [u32; 2] = [0x5412, 0x541C];

/// `PER_LINUX`, `PER_LINUX32`, both with `UNAME26` and with `ADDR_NO_RANDOMIZE`, and the question for
/// the present one.
const PERSONALITIES: [u32; 7] = [
    0,
    0x0008,
    0x0002_0000,
    0x0002_0008,
    0x0004_0000,
    0x0004_0008,
    u32::MAX,
];

const FAMILIES: [i32; 5] = [
    libc::AF_UNSPEC,
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// Denied at every level, whatever the arguments.
const ALWAYS: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_get_mempolicy,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kcmp,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_lookup_dcookie,
    libc::SYS_mbind,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_nfsservctl,
    libc::SYS_open_by_handle_at,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_set_mempolicy,
    libc::SYS_set_mempolicy_home_node,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_sysfs,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_uselib,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ustat,
];

const NAMESPACES: &[i64] = &[
    OPEN_TREE_ATTR,
    libc::SYS_chroot,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_pivot_root,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_umount2,
];

const NAMESPACE_FLAGS: [i32; 8] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    // For unshare alone: in clone the bit is part of a signal's number.
    libc::CLONE_NEWTIME,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

const OWNER_BY_PATH: &[i64] = &[
    FILE_SETATTR,
    libc::SYS_fchownat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
];

const ATTRIBUTES_BY_PATH: &[i64] = &[
    SETXATTRAT,
    REMOVEXATTRAT,
    libc::SYS_lremovexattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_setxattr,
];

/// The rules of one answer; a call without a rule of its own has it whatever its arguments.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

impl DeniedCalls {
    /// Denies them to this process and all that it starts, for ever.
    pub(super) fn deny(self) -> io::Result<()> {
        let failed = |error: &dyn std::fmt::Display| {
            io::Error::other(format!("filter system calls by seccomp: {error}"))
        };
        for program in self.programs().map_err(|error| failed(&error))? {
            apply_filter_all_threads(&program).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn programs(self) -> Result<Vec<BpfProgram>, seccompiler::BackendError> {
        let mut unknown = Rules::new();
        let mut unsupported = Rules::new();
        if self.namespaces {
            unknown.insert(libc::SYS_clone3, Vec::new());
        }
        if self.reach {
            unsupported.extend(always(ATTRIBUTES_BY_PATH));
        }
        let answers = [
            (libc::EPERM, self.forbidden()?),
            (
                libc::EAFNOSUPPORT,
                Rules::from([(libc::SYS_socket, vec![none_of(0, &FAMILIES.map(bits))?])]),
            ),
            (libc::ENOSYS, unknown),
            (libc::EOPNOTSUPP, unsupported),
        ];
        let answers = answers.into_iter().filter(|(_, rules)| !rules.is_empty());
        let mut programs: Vec<BpfProgram> = vec![newer_than(NEWEST)];
        for (error, rules) in answers {
            let filter = SeccompFilter::new(
                rules,
                SeccompAction::Allow,
                SeccompAction::Errno(bits(error)),
                std::env::consts::ARCH.try_into()?,
            )?;
            programs.push(filter.try_into()?);
        }
        Ok(programs)
    }

    fn forbidden(self) -> Result<Rules, seccompiler::BackendError> {
        let mut rules: Rules = always(ALWAYS).collect();
        let input = TERMINAL_INPUT.map(|request| is(1, request));
        rules.insert(
            libc::SYS_ioctl,
            input.into_iter().collect::<Result<_, _>>()?,
        );
        rules.insert(libc::SYS_personality, vec![none_of(0, &PERSONALITIES)?]);
        if self.namespaces {
            rules.extend(always(NAMESPACES));
            let flags = NAMESPACE_FLAGS.map(bits);
            rules.insert(libc::SYS_unshare, any_bit(&flags)?);
            let flags: Vec<u32> = flags.into_iter().filter(|flag| *flag > 0xff).collect();
            rules.insert(libc::SYS_clone, any_bit(&flags)?);
        }
        if self.reach {
            rules.extend(always(OWNER_BY_PATH));
            let other = [condition(0, SeccompCmpOp::Ne, 0)?, set(2)?];
            rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(other.into())?]);
        }
        Ok(rules)
    }
}

fn always(calls: &[i64]) -> impl Iterator<Item = (i64, Vec<SeccompRule>)> {
    calls.iter().map(|call| (*call, Vec::new()))
}

fn bits(number: i32) -> u32 {
    number.cast_unsigned()
}

/// Of such an argument the kernel looks at 32 bits; a caller that sets others must not get past.
fn condition(
    argument: u8,
    operator: SeccompCmpOp,
    value: u32,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value.into())
}

/// An argument that is a pointer, and not null.
fn set(argument: u8) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)
}

fn is(argument: u8, value: u32) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition(argument, SeccompCmpOp::Eq, value)?])
}

fn none_of(argument: u8, values: &[u32]) -> Result<SeccompRule, seccompiler::BackendError> {
    let conditions = values
        .iter()
        .map(|value| condition(argument, SeccompCmpOp::Ne, *value));
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn any_bit(flags: &[u32]) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let rules = flags.iter().map(|flag| {
        let is_set = SeccompCmpOp::MaskedEq((*flag).into());
        SeccompRule::new(vec![condition(0, is_set, *flag)?])
    });
    rules.collect()
}

/// By hand, for the crate compares arguments alone: `seccomp_data` begins with the call's number. Its
/// other programs check the architecture.
fn newer_than(newest: u32) -> BpfProgram {
    const LOAD_WORD: u16 = 0x20;
    const JUMP_IF_GREATER: u16 = 0x25;
    const RETURN: u16 = 0x06;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    vec![
        step(LOAD_WORD, 0, 0, 0),
        step(JUMP_IF_GREATER, 0, 1, newest),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ERRNO | bits(libc::ENOSYS)),
        step(RETURN, 0, 0, libc::SECCOMP_RET_ALLOW),
    ]
}
