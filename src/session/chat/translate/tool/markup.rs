//! The markup that OpenCode puts around what it tells the model.

/// The names of the tags that OpenCode writes; others are part of what a tool printed.
const TAGS: [&str; 12] = [
    "path",
    "type",
    "content",
    "entries",
    "task",
    "task_result",
    "task_error",
    "skill_content",
    "skill_files",
    "file",
    "diagnostics",
    "tool_use_error",
];

/// The text between the last opening tag and what closes it; what is not closed goes on to the end.
pub(super) fn between<'a>(text: &'a str, (open, close): (&str, &str)) -> Option<&'a str> {
    let from = text.find(open)? + open.len();
    let rest = text.get(from..)?;
    Some(rest.rfind(close).map_or(rest, |end| &rest[..end]))
}

/// The text without lines that are nothing but a tag of OpenCode's.
pub(super) fn without_tags(text: &str) -> String {
    let kept: Vec<&str> = text.lines().filter(|line| !is_tag(line)).collect();
    kept.join("\n")
}

fn is_tag(line: &str) -> bool {
    let inside = line
        .trim()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'));
    let name = inside.map(|inside| {
        let inside = inside.trim_start_matches('/');
        inside.split([' ', '=']).next().unwrap_or_default()
    });
    name.is_some_and(|name| TAGS.contains(&name))
}
