//! Draws the rows below the sessions: the account's unattached sandboxes, why they are listed, and
//! what can be done with them.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::PendingAction;
use crate::app::sessions::RowTarget;
use crate::app::sessions::view::{SessionsView, put_mark, put_right};
use crate::app::time::format;
use crate::domain::sandbox::unattached::{EngineState, Provenance, UnattachedSandbox};
use crate::domain::time::UnixMillis;
use crate::text::{ansi, wrap};

const MINUTE: Duration = Duration::from_mins(1);

impl SessionsView<'_> {
    /// Two rows, as for each session.
    pub(in crate::app::sessions) fn unattached_sandbox(
        &self,
        unattached_sandbox: &UnattachedSandbox,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = self.theme;
        let width = usize::from(area.width);
        let style = match unattached_sandbox.state {
            EngineState::Running => theme.warning,
            EngineState::Paused | EngineState::Unknown => theme.dim,
        };
        let room = width.saturating_sub(1);
        buf.set_stringn(area.x + 1, area.y, theme.pick("◇", "@"), room, style);
        if self.is_marked(&RowTarget::Sandbox(unattached_sandbox.id.clone())) {
            put_mark(area, buf, theme);
        }
        let right = lives(unattached_sandbox, self.wall);
        let room = width.saturating_sub(5 + wrap::width(&right));
        let name = match unattached_sandbox.name.as_str() {
            "" => unattached_sandbox.id.as_str(),
            name => name,
        };
        let name = ansi::plain(name).replace('\n', " ");
        let x = area.x.saturating_add(3);
        buf.set_stringn(x, area.y, wrap::truncate(&name, room), room, theme.text);
        put_right(&Line::styled(right, theme.dim), area, buf);
        if area.height > 1 {
            let detail = self.unattached_detail(unattached_sandbox);
            let room = width.saturating_sub(4);
            let detail = wrap::truncate(&detail, room);
            buf.set_stringn(x, area.y + 1, detail, room, theme.dim);
        }
    }

    /// What can be done, why it is listed, what it is: the first fits in the narrowest list.
    fn unattached_detail(&self, unattached_sandbox: &UnattachedSandbox) -> String {
        let words = match self.list.pending(&unattached_sandbox.id) {
            Some(PendingAction::Adopting) => "being adopted …".to_owned(),
            Some(PendingAction::Pausing) => "being paused …".to_owned(),
            Some(PendingAction::Killing) => "being killed …".to_owned(),
            Some(PendingAction::Refused(why)) => format!("cannot be adopted: {why}"),
            None => match (&unattached_sandbox.provenance, self.adopt_key) {
                (Provenance::Elsewhere, key) if !key.is_empty() => {
                    format!("{key} adopts it: {}", unattached_sandbox.provenance.words())
                }
                (provenance, _) => provenance.words(),
            },
        };
        let mut parts = vec![words];
        parts.extend(size(unattached_sandbox));
        if !unattached_sandbox.name.is_empty() {
            parts.push(unattached_sandbox.id.to_string());
        }
        ansi::plain(&parts.join(" · ")).replace('\n', " ")
    }
}

/// `running 3h`, `paused`. No seconds: they would be redrawn with every other change.
fn lives(unattached_sandbox: &UnattachedSandbox, wall: UnixMillis) -> String {
    let word = unattached_sandbox.state.name();
    let time = unattached_sandbox.run().map(|run| run.time(wall));
    match time.filter(|time| *time >= MINUTE) {
        Some(time) => format!("{word} {}", format::brief(time)),
        None => word.to_owned(),
    }
}

/// `2 vCPU 1024 MiB`; `None` if the engine does not report it.
fn size(unattached_sandbox: &UnattachedSandbox) -> Option<String> {
    let size = unattached_sandbox.size;
    let is_known = size.vcpus > 0 || size.memory_mib > 0;
    is_known.then(|| format!("{} vCPU {} MiB", size.vcpus, size.memory_mib))
}
