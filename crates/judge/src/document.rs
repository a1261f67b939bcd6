//! Finding one's way in an OpenAPI document: operations by path, references, media types.
//!
//! Places are JSON pointers, not borrowed values, because the compiled schemas are kept by place.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// A reference may lead to a reference; a longer chain than this is taken for a loop.
const MAXIMUM_REFERENCE_DEPTH: usize = 16;

/// An operation that a request was matched to.
pub(crate) struct Operation {
    /// Where the operation object is.
    pub(crate) pointer: String,
    /// Where its path item is.
    pub(crate) path_pointer: String,
    /// Values of the path parameters, by name.
    pub(crate) path_values: HashMap<String, String>,
}

/// Escapes one segment of a JSON pointer (RFC 6901).
pub(crate) fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

/// All characters but the unreserved ones of RFC 3986 and the slashes between segments.
const NOT_IN_POINTER: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Makes a JSON pointer fit for the fragment of a URI.
pub(crate) fn percent_encode(pointer: &str) -> String {
    utf8_percent_encode(pointer, NOT_IN_POINTER).to_string()
}

/// The path parts of the document's server addresses, without a trailing slash.
pub(crate) fn base_paths(document: &Value) -> Vec<String> {
    let servers = document["servers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut paths: Vec<String> = servers
        .iter()
        .filter_map(|server| server["url"].as_str())
        .map(|url| {
            let after_host = match url.split_once("://") {
                Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
                None => url,
            };
            after_host.trim_end_matches('/').to_owned()
        })
        .collect();
    if paths.is_empty() {
        paths.push(String::new());
    }
    paths
}

/// `nullable: true` is OpenAPI's own word; JSON Schema says it with a list of types.
pub(crate) fn rewrite_nullable(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rewrite_nullable),
        Value::Object(map) => {
            if map.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(Value::String(kind)) = map.get("type") {
                    let kinds = json!([kind, "null"]);
                    map.insert("type".to_owned(), kinds);
                }
                if let Some(Value::Array(words)) = map.get_mut("enum") {
                    words.push(Value::Null);
                }
            }
            map.values_mut().for_each(rewrite_nullable);
        }
        _ => {}
    }
}

/// Follows references from `pointer` to a value; `None` if a reference has no target.
pub(crate) fn resolve(document: &Value, pointer: &str) -> Option<String> {
    let mut pointer = pointer.to_owned();
    for _ in 0..MAXIMUM_REFERENCE_DEPTH {
        let value = document.pointer(&pointer)?;
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => pointer = reference.strip_prefix('#')?.to_owned(),
            None => return Some(pointer),
        }
    }
    None
}

/// Matches a request to an operation. A literal path wins over one with parameters.
pub(crate) fn find_operation(
    document: &Value,
    base_paths: &[String],
    method: &str,
    path: &str,
) -> Option<Operation> {
    let method = method.to_ascii_lowercase();
    let templates = document["paths"].as_object()?;
    let mut best: Option<Operation> = None;
    for base in base_paths {
        let Some(relative) = below_base(path, base) else { continue };
        for (template, item) in templates {
            let Some(path_values) = match_template(template, relative) else { continue };
            if item.get(&method).is_none() {
                continue;
            }
            if best.as_ref().is_none_or(|known| path_values.len() < known.path_values.len()) {
                let path_pointer = format!("/paths/{}", escape(template));
                let pointer = format!("{path_pointer}/{method}");
                best = Some(Operation { pointer, path_pointer, path_values });
            }
        }
    }
    best
}

/// The path without the base path and without a prefix before it (one per bank).
fn below_base<'path>(path: &'path str, base: &str) -> Option<&'path str> {
    if base.is_empty() {
        return Some(path);
    }
    let start = path.find(base)?;
    let rest = &path[start + base.len()..];
    rest.starts_with('/').then_some(rest)
}

fn match_template(template: &str, path: &str) -> Option<HashMap<String, String>> {
    let wanted: Vec<&str> = template.split('/').collect();
    let given: Vec<&str> = path.split('/').collect();
    if wanted.len() != given.len() {
        return None;
    }
    let mut values = HashMap::new();
    for (wanted, given) in wanted.iter().zip(&given) {
        match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                values.insert(name.to_owned(), (*given).to_owned());
            }
            Some(_) => return None,
            None if wanted == given => {}
            None => return None,
        }
    }
    Some(values)
}

/// Where the parameters of an operation are, those of its path item included.
pub(crate) fn parameters(document: &Value, operation: &Operation) -> Vec<String> {
    [&operation.path_pointer, &operation.pointer]
        .into_iter()
        .flat_map(|holder| {
            let list = format!("{holder}/parameters");
            let count = document.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
            (0..count).map(move |index| format!("{list}/{index}"))
        })
        .filter_map(|pointer| resolve(document, &pointer))
        .collect()
}

/// The key below `content` that describes `content_type`, parameters such as charset aside.
pub(crate) fn media_type(holder: &Value, content_type: &str) -> Option<String> {
    let essence =
        |text: &str| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let given = essence(content_type);
    let content = holder["content"].as_object()?;
    let mut keys = content.keys();
    keys.find(|key| essence(key) == given || key.as_str() == "*/*").cloned()
}

/// Headers and query values are text; a schema of another type wants the value that the text means.
pub(crate) fn typed_text(document: &Value, schema: &str, text: &str) -> Value {
    let kind = resolve(document, schema)
        .and_then(|pointer| document.pointer(&pointer).cloned())
        .map(|schema| schema["type"].clone())
        .unwrap_or_default();
    let parsed = || serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()));
    match kind.as_str() {
        Some("integer" | "number" | "boolean") => parsed(),
        Some("array") => json!(text.split(',').collect::<Vec<_>>()),
        _ => Value::String(text.to_owned()),
    }
}
