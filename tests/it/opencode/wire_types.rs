//! Servers' responses are parsed leniently: no field of a wire type may make its object unreadable, except those
//! that identify the object.

use std::path::{Path, PathBuf};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The fields that identify an object: type and field.
const IDENTIFYING: &[(&str, &str)] = &[
    // OpenCode.
    ("Health", "version"),
    ("Path", "directory"),
    ("Session", "id"),
    ("Revert", "message_id"),
    ("Todo", "content"),
    ("PermissionRule", "permission"),
    ("PermissionRule", "pattern"),
    ("PermissionRule", "action"),
    ("Provider", "id"),
    ("Agent", "name"),
    ("Message", "id"),
    ("MessageWithParts", "info"),
    ("MessageModel", "provider_id"),
    ("MessageModel", "model_id"),
    ("RawPart", "id"),
    ("ToolReference", "call_id"),
    ("QuestionOption", "label"),
    ("Raw", "id"),
    ("Raw", "session_id"),
    ("Delta", "session_id"),
    ("Delta", "message_id"),
    ("Delta", "part_id"),
    ("Delta", "text"),
    ("Info", "info"),
    ("Updated", "part"),
    ("Status", "session_id"),
    ("Status", "status"),
    ("Todos", "session_id"),
    ("LoginMethod", "kind"),
    ("LoginPrompt", "key"),
    ("PromptOption", "value"),
    ("PromptCondition", "key"),
    ("PromptCondition", "value"),
    ("Authorization", "url"),
    ("Executed", "session_id"),
    ("Executed", "message_id"),
    ("Executed", "name"),
    ("Command", "command"),
    ("Header", "info"),
    ("CommandInfo", "name"),
    ("McpResource", "name"),
    ("McpResource", "uri"),
    ("McpResource", "client"),
    ("FileNode", "path"),
    ("LspStatus", "name"),
    ("FormatterStatus", "name"),
    ("FileDiff", "file"),
    ("ListedProvider", "id"),
    // E2B.
    ("Sandbox", "sandbox_id"),
    ("ListedSandbox", "sandbox_id"),
    ("NewSandbox", "template_id"),
    ("SetTimeout", "timeout"),
    ("Alias", "_template_id"),
];

/// Types for what the user approves, and envelopes: what does not fit there is reported, not replaced.
const EXACT: &[&str] = &["Raw", "Frame", "Payload"];

/// A field that can make its object unreadable.
#[derive(Default)]
struct WireTypes {
    /// Requests to us are validated: a value that does not fit is an error there, `null` is not.
    judges: bool,
    seen: Vec<(String, String)>,
    strict: Vec<String>,
}

impl WireTypes {
    fn field(&mut self, owner: &str, field: &syn::Field) {
        let Some(name) = field.ident.as_ref().map(ToString::to_string) else {
            return;
        };
        self.seen.push((owner.to_owned(), name.clone()));
        let serde = attributes(&field.attrs);
        let has = |word: &str| serde.split([',', ' ', '(']).any(|part| part.trim() == word);
        if has("flatten") || has("skip_deserializing") || has("skip") {
            return;
        }
        let is_option = type_name(&field.ty) == "Option";
        let is_lenient = serde.contains("deserialize_with") && serde.contains("lenient::");
        let may_be_exact = is_option && (self.judges || EXACT.contains(&owner));
        let is_patient = has("default") && (is_lenient || may_be_exact);
        if !is_patient && !IDENTIFYING.contains(&(owner, &name)) {
            let line = field.span().start().line;
            self.strict.push(format!("{owner}.{name} (line {line})"));
        }
    }
}

fn type_name(ty: &syn::Type) -> String {
    match ty {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
        _ => None,
    }
    .unwrap_or_default()
}

/// The `serde` attributes, as tokens.
fn attributes(attrs: &[syn::Attribute]) -> String {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    let tokens = serde.filter_map(|attr| attr.meta.require_list().ok());
    tokens.map(|list| list.tokens.to_string() + " , ").collect()
}

/// `from = "Raw…"`: that type's fields count.
fn is_read_as_another(attrs: &[syn::Attribute]) -> bool {
    attributes(attrs).contains("from =")
}

fn derives_deserialize(attrs: &[syn::Attribute]) -> bool {
    let derives = attrs.iter().filter(|attr| attr.path().is_ident("derive"));
    derives
        .filter_map(|attr| attr.meta.require_list().ok())
        .any(|list| list.tokens.to_string().contains("Deserialize"))
}

impl<'ast> Visit<'ast> for WireTypes {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        if derives_deserialize(&item.attrs) && !is_read_as_another(&item.attrs) {
            for field in &item.fields {
                self.field(&item.ident.to_string(), field);
            }
        }
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        if derives_deserialize(&item.attrs) && !is_read_as_another(&item.attrs) {
            let fields = item.variants.iter().flat_map(|variant| &variant.fields);
            for field in fields {
                self.field(&item.ident.to_string(), field);
            }
        }
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = module.ident == "tests";
        if !is_test {
            visit::visit_item_mod(self, module);
        }
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// Parses all wire types below the folders of the two clients.
fn read() -> WireTypes {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut types = WireTypes::default();
    for room in ["opencode", "e2b"] {
        types.judges = room == "e2b";
        let mut files = Vec::new();
        files_below(&src.join(room), &mut files);
        for path in files {
            let source = std::fs::read_to_string(&path).unwrap();
            types.visit_file(&syn::parse_file(&source).unwrap());
        }
    }
    types
}

#[test]
fn every_field_that_does_not_identify_its_object_is_parsed_leniently() {
    let types = read();

    assert!(types.seen.len() > 100, "{}", types.seen.len());
    assert!(types.strict.is_empty(), "{:#?}", types.strict);
}

#[test]
fn every_identifying_field_exists() {
    let types = read();

    let stale = IDENTIFYING.iter().filter(|(owner, field)| {
        let is = |seen: &&(String, String)| seen.0 == *owner && seen.1 == *field;
        !types.seen.iter().any(|seen| is(&seen))
    });
    assert_eq!(stale.collect::<Vec<_>>(), [] as [&(&str, &str); 0]);
}
