//! The published documents as judges of what is on the wire.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

/// The schemas of the payment initiation document, or nothing where it is missing.
pub struct Judge(Value);

impl Judge {
    pub fn load() -> Option<Judge> {
        Judge::of("v3.1.11")
    }

    /// The document of that version.
    pub fn of(version: &str) -> Option<Judge> {
        let path = specs()?.join(format!("banks/obie/{version}-payment-initiation-judge.json"));
        Some(Judge(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()))
    }

    /// Every way in which `value` is not what the schema says.
    pub fn faults(&self, schema: &str, value: &Value) -> Vec<String> {
        let pointer = format!("#/components/schemas/{schema}");
        assert!(self.0.pointer(&pointer[1..]).is_some(), "no schema {schema}");
        let root = json!({ "allOf": [{ "$ref": pointer }], "components": self.0["components"] });
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft4)
            .should_validate_formats(true)
            .build(&root)
            .unwrap();
        validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect()
    }

    /// The words that the schema has for `Data.Status`.
    pub fn statuses(&self, schema: &str) -> Vec<String> {
        let place = format!("/components/schemas/{schema}/properties/Data/properties/Status/enum");
        let words = self.0.pointer(&place).and_then(Value::as_array).unwrap();
        words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    pub fn accept(&self, schema: &str, value: &Value) {
        let faults = self.faults(schema, value);
        assert!(faults.is_empty(), "not a {schema}: {faults:#?}\n{value:#}");
    }
}

/// The folder of published documents; says loudly when it is missing.
pub fn specs() -> Option<PathBuf> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs");
    let path = std::env::var_os("BASCULE_SPECS").map_or(default, PathBuf::from);
    if path.join("banks").is_dir() {
        return Some(path);
    }
    // Not `println!`: the test harness hides that of a test that passes.
    let _ =
        writeln!(std::io::stderr(), "SKIPPED: published documents not found at {}", path.display());
    None
}

/// One example of the standard's documentation.
pub fn documented(name: &str) -> Option<Value> {
    documented_in("v3.1.11", name)
}

/// One example of the documentation of that version.
pub fn documented_in(version: &str, name: &str) -> Option<Value> {
    let path = specs()?.join(format!("banks/fixtures/obie-docs/{version}/{name}.json"));
    Some(serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
}
