//! Each operation of an OpenAPI document as one line per parameter and field, so that
//! two documents with different schema names can be compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Schemas hold each other; deeper than this nothing is compared.
const DEPTH_MAX: isize = 8;
/// As deep as bodies are, with a level for each alternative on the way.
const BODY_DEPTH_MAX: isize = 32;
const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];

/// Lines by operation (`GET /v2/payments`).
pub type Structure = BTreeMap<String, BTreeSet<String>>;

pub fn of(document: &Value) -> Structure {
    let mut structure = Structure::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            if item[method].is_null() {
                continue;
            }
            let operation = &item[method];
            let mut lines = BTreeSet::new();
            let shared = item["parameters"].as_array().into_iter().flatten();
            let own = operation["parameters"].as_array().into_iter().flatten();
            for parameter in shared.chain(own) {
                lines.insert(parameter_line(document, parameter));
            }
            let body = &operation["requestBody"];
            let body = resolved(document, body)["content"]["application/json"]["schema"].clone();
            fields(document, &body, "request", true, 0, &mut lines);
            for (status, response) in operation["responses"].as_object().unwrap() {
                lines.insert(format!("answer {status}"));
                let content = &resolved(document, response)["content"];
                let schema = &content["application/json"]["schema"];
                if status.starts_with('2') {
                    fields(document, schema, &format!("answer {status}"), false, 0, &mut lines);
                }
            }
            structure.insert(format!("{} {path}", method.to_uppercase()), lines);
        }
    }
    structure
}

/// The fields of each operation's body, however deep: bodies hold no schema that holds itself.
pub fn bodies_of(document: &Value) -> Structure {
    let mut structure = Structure::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in METHODS {
            let body = resolved(document, &item[method]["requestBody"]);
            let schema = &body["content"]["application/json"]["schema"];
            let mut lines = BTreeSet::new();
            fields(document, schema, "", true, DEPTH_MAX - BODY_DEPTH_MAX, &mut lines);
            let plain = |line: &String| {
                let line = line.trim_end_matches(", required").replace("[]", "");
                line.trim_start_matches('.').to_owned()
            };
            let lines = lines.iter().filter(|line| !line.contains(" = ")).map(plain).collect();
            structure.insert(format!("{} {path}", method.to_uppercase()), lines);
        }
    }
    structure
}

fn parameter_line(document: &Value, parameter: &Value) -> String {
    let parameter = resolved(document, parameter);
    let word = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
    let required = if parameter["required"] == true { ", required" } else { "" };
    format!("{} {}{required}", word("in"), word("name"))
}

/// One line per field, and per word that it may be. `binding` is whether a field that is required
/// has to be sent: not where a schema is one of several, and not in answers, where it only promises
/// more.
fn fields(
    document: &Value,
    schema: &Value,
    path: &str,
    binding: bool,
    depth: isize,
    lines: &mut BTreeSet<String>,
) {
    if depth > DEPTH_MAX || schema.is_null() {
        return;
    }
    let schema = resolved(document, schema);
    for list in ["allOf", "oneOf", "anyOf"] {
        let binding = binding && list == "allOf";
        for part in schema[list].as_array().into_iter().flatten() {
            fields(document, part, path, binding, depth + 1, lines);
        }
    }
    if !schema["items"].is_null() {
        fields(document, &schema["items"], &format!("{path}[]"), binding, depth + 1, lines);
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let needed = binding && required.contains(&name.as_str());
        lines.insert(if needed { format!("{path}, required") } else { path.clone() });
        fields(document, field, &path, binding, depth + 1, lines);
    }
    for word in schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        lines.insert(format!("{path} = {word}"));
    }
}

/// The elements of `lines` alone. The words of a field are compared if both documents list them.
pub fn alone<'a>(lines: &'a BTreeSet<String>, others: &'a BTreeSet<String>) -> Vec<&'a String> {
    let lists_words = |field: &str| {
        let start = format!("{field} = ");
        others.iter().any(|other| other.starts_with(&start))
    };
    let told = |line: &&String| line.split_once(" = ").is_none_or(|(field, _)| lists_words(field));
    lines.difference(others).filter(told).collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    }
}
