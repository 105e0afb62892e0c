//! Reads an image from the clipboard of the desktop that this program runs on.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::{Clipboard, DesktopKind};

/// How long a program may take: the one that owns the clipboard may have to encode the image first.
const PATIENCE: Duration = Duration::from_secs(5);
/// The types that models see, the preferred one first.
const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

impl Clipboard {
    /// The image in the clipboard, of at most so many bytes; `Err` says why there is none.
    pub async fn image(&self, most: u64) -> Result<Vec<u8>, String> {
        if self.remote {
            return Err("cannot read your machine's clipboard over ssh".to_owned());
        }
        if self.desktops.is_empty() {
            return Err("no desktop clipboard here: paste the path of an image instead".to_owned());
        }
        let mut runs = false;
        for kind in &self.desktops {
            let listed = match lists(*kind) {
                Some((program, arguments)) => self.ask(program, arguments).await,
                None => Some(TYPES[0].to_owned()),
            };
            runs |= listed.is_some();
            let listed = listed.unwrap_or_default();
            let has = |mime: &&&str| listed.lines().any(|line| line.trim() == **mime);
            for mime in TYPES.iter().filter(has) {
                let (program, arguments) = reads(*kind, mime);
                if let Some(image) = self.output(program, &arguments, most).await? {
                    return Ok(image);
                }
            }
        }
        Err(if self.desktops == [DesktopKind::MacOs] {
            "no image in the clipboard, or pngpaste is missing (brew install pngpaste)".to_owned()
        } else if runs {
            "there is no image in the clipboard".to_owned()
        } else {
            format!("to paste images, install {}", self.needed())
        })
    }

    fn needed(&self) -> &'static str {
        match self.desktops.first() {
            Some(DesktopKind::Wayland) => "wl-clipboard",
            _ => "xclip",
        }
    }

    /// What a program prints; `None` if it fails or prints nothing.
    async fn output(
        &self,
        program: &str,
        arguments: &[&str],
        most: u64,
    ) -> Result<Option<Vec<u8>>, String> {
        let mut command = self.command(program, arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let run = async {
            let mut child = command.spawn()?;
            let mut content = Vec::new();
            if let Some(output) = child.stdout.take() {
                output.take(most + 1).read_to_end(&mut content).await?;
            }
            // One that prints more is ended.
            if content.len() as u64 > most {
                return Ok((content, true));
            }
            std::io::Result::Ok((content, child.wait().await?.success()))
        };
        match timeout(PATIENCE, run).await {
            Ok(Ok((content, _))) if content.len() as u64 > most => Err(format!(
                "the image in the clipboard is larger than {} MB",
                most / 1024 / 1024
            )),
            Ok(Ok((content, true))) if !content.is_empty() => Ok(Some(content)),
            _ => Ok(None),
        }
    }
}

/// The program that lists the types of what is in the clipboard, if there is one.
fn lists(kind: DesktopKind) -> Option<(&'static str, &'static [&'static str])> {
    match kind {
        DesktopKind::Wayland => Some(("wl-paste", &["--list-types"])),
        DesktopKind::X11 => Some(("xclip", &["-selection", "clipboard", "-t", "TARGETS", "-o"])),
        DesktopKind::MacOs => None,
    }
}

/// The program that prints it as this type.
fn reads(kind: DesktopKind, mime: &'static str) -> (&'static str, Vec<&'static str>) {
    match kind {
        DesktopKind::Wayland => ("wl-paste", vec!["--no-newline", "--type", mime]),
        DesktopKind::X11 => ("xclip", vec!["-selection", "clipboard", "-t", mime, "-o"]),
        DesktopKind::MacOs => ("pngpaste", vec!["-"]),
    }
}
