//! The rows of the status: MCP servers first, since only those can be switched.

use crate::app::App;
use crate::app::overlay::server::state::ServerState;
use crate::domain::server::{McpServer, McpState};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StatusMark {
    Works,
    Off,
    Failed,
    /// Nothing that could fail.
    None,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerRow {
    /// Begins a section with this name.
    pub(super) heading: Option<&'static str>,
    pub(super) mark: StatusMark,
    pub(super) name: String,
    pub(super) state: String,
    /// The MCP server that it is, and whether it is connected.
    pub(super) switch: Option<(String, bool)>,
}

impl App {
    pub(in crate::app) fn status_len(&self) -> usize {
        self.status_rows().len()
    }

    pub(super) fn status_rows(&self) -> Vec<ServerRow> {
        self.session()
            .map_or_else(Vec::new, |session| rows(&session.server))
    }
}

fn rows(known: &ServerState) -> Vec<ServerRow> {
    let mut rows: Vec<ServerRow> = Vec::new();
    let mut section = |heading, mut of_it: Vec<ServerRow>| {
        if let Some(first) = of_it.first_mut() {
            first.heading = Some(heading);
        }
        rows.extend(of_it);
    };
    let mcp = known.mcp().iter().map(mcp_row);
    section("MCP servers", mcp.collect());
    let plugins = plugin_rows(known);
    let Some(status) = known.status() else {
        section("Plugins", plugins);
        return rows;
    };
    let language_servers = status.language_servers.iter().map(|server| {
        let (mark, state) = if server.has_failed {
            (StatusMark::Failed, "failed")
        } else {
            (StatusMark::Works, "running")
        };
        let state = match server.root.as_str() {
            "" | "." => state.to_owned(),
            root => format!("{state} in {root}"),
        };
        row(mark, &server.name, state)
    });
    section("Language servers", language_servers.collect());
    let formatters = status.formatters.iter();
    let formatters = formatters.map(|name| row(StatusMark::Works, name, String::new()));
    section("Formatters", formatters.collect());
    section("Plugins", plugins);
    let problems = status.problems.iter();
    let problems = problems.map(|problem| row(StatusMark::Failed, problem, String::new()));
    section("Problems", problems.collect());
    rows
}

/// The configured plugins, and those that failed and are not among them. Of the others the server does not say whether
/// they run.
fn plugin_rows(known: &ServerState) -> Vec<ServerRow> {
    let configured = known.status().map(|status| status.plugins.as_slice());
    let configured = configured.unwrap_or_default();
    let failed = known.plugins.all().iter().map(|failure| &failure.plugin);
    let others = failed.filter(|plugin| !configured.contains(plugin));
    let all = configured.iter().chain(others);
    let rows = all.map(|plugin| {
        let name = match plugin.strip_prefix("file://") {
            Some(path) => path.rsplit('/').next().unwrap_or(path),
            None => plugin,
        };
        match known.plugins.why(plugin) {
            Some(why) => row(StatusMark::Failed, name, format!("failed: {why}")),
            None => row(StatusMark::None, name, String::new()),
        }
    });
    rows.collect()
}

fn row(mark: StatusMark, name: &str, state: String) -> ServerRow {
    ServerRow {
        heading: None,
        mark,
        name: name.to_owned(),
        state,
        switch: None,
    }
}

fn mcp_row(McpServer { name, state }: &McpServer) -> ServerRow {
    let is_on = *state == McpState::Connected;
    let (mark, words) = match state {
        McpState::Connected => (StatusMark::Works, "connected".to_owned()),
        McpState::Disabled => (StatusMark::Off, "disconnected".to_owned()),
        McpState::Failed(why) if why.is_empty() => (StatusMark::Failed, "failed".to_owned()),
        McpState::Failed(why) => (StatusMark::Failed, format!("failed: {why}")),
        McpState::NeedsAuth => (
            StatusMark::Failed,
            format!("needs a login: run opencode mcp auth {name} on the server"),
        ),
        McpState::Other(state) => (StatusMark::None, state.clone()),
    };
    ServerRow {
        switch: Some((name.clone(), is_on)),
        ..row(mark, name, words)
    }
}
