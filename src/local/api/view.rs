//! Our sandboxes in E2B's words.

use crate::e2b::wire;
use crate::local::sandbox::LocalSandbox;
use crate::local::sandbox::metrics;
use crate::local::sandbox::record::{RunState, SandboxRecord};
use crate::local::sandbox::registry::Registry;

/// What the SDKs take features from; the lowest that has all we offer.
pub(super) const ENVD_VERSION: &str = "0.6.4";

const MIB: u64 = 1024 * 1024;
const CLIENT_ID: &str = "local";

pub(super) fn view(registry: &Registry, sandbox: &LocalSandbox) -> wire::Sandbox {
    let record = sandbox.record();
    let envd_access_token = record.open_token().map(Into::into);
    wire::Sandbox {
        sandbox_id: record.id,
        template_id: record.template,
        client_id: CLIENT_ID.to_owned(),
        envd_version: ENVD_VERSION.to_owned(),
        alias: None,
        envd_access_token,
        traffic_access_token: record.traffic_token.map(Into::into),
        domain: Some(registry.options.domain.clone()),
    }
}

/// A sandbox as lists show it: with the machine's processors, the memory that it may use, and the size
/// of the file system that its files are on.
pub(super) fn listed(registry: &Registry, record: SandboxRecord) -> wire::ListedSandbox {
    wire::ListedSandbox {
        sandbox_id: record.id,
        alias: Some(record.template.clone()),
        template_id: record.template,
        client_id: CLIENT_ID.to_owned(),
        started_at: time(record.started_at),
        end_at: time(record.ends_at),
        cpu_count: processors(),
        memory_mb: memory_mb(registry),
        disk_size_mb: disk_size_mb(registry),
        state: match record.state {
            RunState::Running => wire::SandboxState::Running,
            RunState::Paused => wire::SandboxState::Paused,
        },
        envd_version: ENVD_VERSION.to_owned(),
        metadata: record.metadata,
    }
}

pub(super) fn processors() -> u32 {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u32::try_from(processors).unwrap_or(1)
}

pub(super) fn time(unix_millis: u64) -> String {
    wire::to_rfc3339(i64::try_from(unix_millis).unwrap_or(i64::MAX))
}

/// What a sandbox may use of memory, in MiB: its limit, or else the machine's.
pub(super) fn memory_mb(registry: &Registry) -> u64 {
    metrics::total_memory(registry.options.limits.memory) / MIB
}

/// The file system that sandboxes are on, in MiB: nothing smaller limits one.
pub(super) fn disk_size_mb(registry: &Registry) -> u64 {
    metrics::disk_size(&registry.options.state_dir) / MIB
}
