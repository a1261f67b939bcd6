//! Test support: judges HTTP exchanges against a published OpenAPI 3.0 or Swagger 2.0 document.
//!
//! A [`Judge`] holds one document and answers two questions: is this request one that the document
//! describes, and is this response one that the document allows for that request? Anything that is
//! not described (an operation, a status, a body where none is documented) is a [`Violation`], so a
//! test that asserts "no violations" cannot pass by straying off the document.
//!
//! The documents are not part of the project. They are looked for in the directory named by the
//! environment variable `BASCULE_SPECS`, or in `../shared/specs` beside the workspace; when they
//! are absent [`Judge::load`] says so loudly and returns `None`.
//!
//! How a schema is judged: OpenAPI 3.0 schemas are JSON Schema draft 4 with `nullable` added, so
//! `nullable` is rewritten to a type list and the whole document becomes one draft 4 resource. Each
//! schema is compiled once, addressed by its place in the document, and kept.

mod document;
mod swagger;

use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use document::Operation;
use http::HeaderMap;
use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

const DOCUMENT_URI: &str = "urn:document";

/// One way in which an exchange departs from the published document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the body, `header x-…`, or the method and path.
    pub at: String,
    /// The violation, in one sentence.
    pub what: String,
}

impl Violation {
    fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.at, self.what)
    }
}

/// A published document, ready to judge exchanges. Cheap to share: every method takes `&self`.
pub struct Judge {
    document: Value,
    registry: Registry<'static>,
    base_paths: Vec<String>,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Judge")
            .field("base_paths", &self.base_paths)
            .finish_non_exhaustive()
    }
}

/// The directory where the published documents are expected.
#[must_use]
pub fn specs_directory() -> PathBuf {
    std::env::var_os("BASCULE_SPECS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/specs"),
        PathBuf::from,
    )
}

impl Judge {
    /// Loads a document by its path below [`specs_directory`], for example
    /// `banks/obie/v3.1.11-payment-initiation-judge.json`.
    ///
    /// Returns `None`, after saying so on standard error, when the file is missing.
    ///
    /// # Panics
    /// When the file is there but is not an OpenAPI document in JSON: a test must not pass on that.
    #[must_use]
    #[expect(clippy::panic, reason = "test support: a damaged document must fail the test")]
    pub fn load(path: &str) -> Option<Self> {
        let file = specs_directory().join(path);
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                // Not through `eprintln!`, whose output the test harness hides.
                let shown = file.display();
                writeln!(std::io::stderr(), "SKIPPED: published documents not found at {shown}")
                    .ok();
                return None;
            }
            Err(error) => panic!("cannot read {}: {error}", file.display()),
        };
        let parsed = serde_json::from_str(&text).map_err(|error| error.to_string());
        match parsed.and_then(Self::from_document) {
            Ok(judge) => Some(judge),
            Err(error) => panic!("{} is not a usable document: {error}", file.display()),
        }
    }

    /// Makes a judge of a document already in memory.
    ///
    /// # Errors
    /// Says in words why the value cannot be used as an OpenAPI document.
    pub fn from_document(mut document: Value) -> Result<Self, String> {
        if !document["paths"].is_object() {
            return Err("it has no \"paths\"".to_owned());
        }
        if document["swagger"] == "2.0" {
            document = swagger::as_openapi(document);
        }
        document::rewrite_nullable(&mut document);
        let base_paths = document::base_paths(&document);
        let registry = Registry::new()
            .draft(Draft::Draft4)
            .add(DOCUMENT_URI, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| error.to_string())?;
        Ok(Self { document, registry, base_paths, validators: Mutex::default() })
    }

    /// Judges a request. `path` may carry a prefix in front of the document's base path and a query.
    #[must_use]
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Vec<Violation> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let operation = match self.operation(method, path) {
            Ok(operation) => operation,
            Err(violation) => return vec![violation],
        };
        let mut violations = Vec::new();
        self.judge_parameters(&operation, headers, query, &mut violations);
        match document::resolve(&self.document, &format!("{}/requestBody", operation.pointer)) {
            None if body.is_empty() => {}
            None => violations.push(Violation::new("body", "this operation takes no body")),
            Some(at) => {
                let required = self.at(&at)["required"].as_bool().unwrap_or(false);
                if !body.is_empty() {
                    self.judge_body(&at, headers, body, &mut violations);
                } else if required {
                    violations.push(Violation::new("body", "the body is missing"));
                }
            }
        }
        violations
    }

    /// Judges the response that was given to the request `method path`.
    #[must_use]
    pub fn response(
        &self,
        method: &str,
        path: &str,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Vec<Violation> {
        let path = path.split('?').next().unwrap_or(path);
        let operation = match self.operation(method, path) {
            Ok(operation) => operation,
            Err(violation) => return vec![violation],
        };
        let responses = format!("{}/responses", operation.pointer);
        let family = format!("{}XX", status / 100);
        let found = [status.to_string(), family, "default".to_owned()]
            .iter()
            .find_map(|key| document::resolve(&self.document, &format!("{responses}/{key}")));
        let Some(at) = found else {
            let what = format!("status {status} is not documented for {method} {path}");
            return vec![Violation::new("status", what)];
        };
        let mut violations = Vec::new();
        self.judge_response_headers(&at, headers, &mut violations);
        let has_content = self.at(&at)["content"].as_object().is_some_and(|map| !map.is_empty());
        match (has_content, body.is_empty()) {
            (true, false) => self.judge_body(&at, headers, body, &mut violations),
            (true, true) => violations.push(Violation::new("body", "the body is missing")),
            (false, false) => {
                let what = format!("status {status} is documented without a body");
                violations.push(Violation::new("body", what));
            }
            (false, true) => {}
        }
        violations
    }

    fn at(&self, pointer: &str) -> &Value {
        self.document.pointer(pointer).unwrap_or(&Value::Null)
    }

    fn operation(&self, method: &str, path: &str) -> Result<Operation, Violation> {
        document::find_operation(&self.document, &self.base_paths, method, path).ok_or_else(|| {
            Violation::new(format!("{method} {path}"), "the document has no such operation")
        })
    }

    fn judge_parameters(
        &self,
        operation: &Operation,
        headers: &HeaderMap,
        query: &str,
        violations: &mut Vec<Violation>,
    ) {
        let query_values: HashMap<&str, &str> =
            query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        for pointer in document::parameters(&self.document, operation) {
            let parameter = self.at(&pointer);
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let value = match place {
                "header" => headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}")),
                "query" => query_values.get(name).copied(),
                _ => operation.path_values.get(name).map(String::as_str),
            };
            let label = format!("{place} {name}");
            match value {
                None if parameter["required"] == Value::Bool(true) => {
                    violations.push(Violation::new(label, "a required parameter is missing"));
                }
                None => {}
                Some(text) => {
                    let schema = format!("{pointer}/schema");
                    let value = document::typed_text(&self.document, &schema, text);
                    self.judge_value(&schema, &value, &label, violations);
                }
            }
        }
    }

    fn judge_response_headers(
        &self,
        response: &str,
        headers: &HeaderMap,
        violations: &mut Vec<Violation>,
    ) {
        let Some(documented) = self.at(response)["headers"].as_object() else { return };
        for name in documented.keys() {
            let escaped = document::escape(name);
            let Some(pointer) =
                document::resolve(&self.document, &format!("{response}/headers/{escaped}"))
            else {
                continue;
            };
            let label = format!("header {name}");
            match headers.get(name) {
                None if self.at(&pointer)["required"] == Value::Bool(true) => {
                    violations.push(Violation::new(label, "a required header is missing"));
                }
                None => {}
                Some(value) => {
                    let schema = format!("{pointer}/schema");
                    let text = value.to_str().unwrap_or("\u{fffd}");
                    let value = document::typed_text(&self.document, &schema, text);
                    self.judge_value(&schema, &value, &label, violations);
                }
            }
        }
    }

    fn judge_body(
        &self,
        holder: &str,
        headers: &HeaderMap,
        body: &[u8],
        violations: &mut Vec<Violation>,
    ) {
        let content_type = headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let Some(media_type) = document::media_type(self.at(holder), content_type) else {
            let what = format!("content type \"{content_type}\" is not documented");
            violations.push(Violation::new("header content-type", what));
            return;
        };
        let schema = format!("{holder}/content/{}/schema", document::escape(&media_type));
        // A picture or a text is a string to its schema.
        if media_type.ends_with("+xml") || media_type.starts_with("text/") {
            match std::str::from_utf8(body) {
                Ok(text) => self.judge_value(&schema, &text.into(), "body", violations),
                Err(error) => violations.push(Violation::new("body", error.to_string())),
            }
            return;
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => self.judge_value(&schema, &value, "body", violations),
            Err(error) => {
                violations.push(Violation::new("body", format!("it is not JSON: {error}")));
            }
        }
    }

    fn judge_value(
        &self,
        schema: &str,
        value: &Value,
        label: &str,
        violations: &mut Vec<Violation>,
    ) {
        if self.document.pointer(schema).is_none() {
            return;
        }
        match self.validator(schema) {
            Ok(validator) => violations.extend(validator.iter_errors(value).map(|error| {
                Violation::new(format!("{label}{}", error.instance_path()), error.to_string())
            })),
            Err(error) => violations.push(Violation::new(label, error)),
        }
    }

    fn validator(&self, schema: &str) -> Result<Arc<Validator>, String> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = validators.get(schema) {
            return Ok(known.clone());
        }
        let reference = format!("{DOCUMENT_URI}#{}", document::percent_encode(schema));
        let compiled = jsonschema::options()
            .with_draft(Draft::Draft4)
            .with_registry(&self.registry)
            .should_validate_formats(true)
            .should_ignore_unknown_formats(true)
            .build(&json!({ "$ref": reference }))
            .map_err(|error| format!("the document's schema at {schema} is unusable: {error}"))?;
        let compiled = Arc::new(compiled);
        validators.insert(schema.to_owned(), compiled.clone());
        Ok(compiled)
    }
}
