//! Error answers (OBIE 3.1.11 and 4.0, `OBErrorResponse1`).
//!
//! A bank of 4.0 says only what it must: the list of errors, and the id of the answer.

use serde_json::{Value, json};

use super::dialect::Version;

/// An error answer lists at most this many problems.
pub(crate) const MAXIMUM_PROBLEMS: usize = 20;

/// One entry of `Errors`.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    /// Without the prefix `UK.OBIE.`.
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// JSON path of the field, for example `Data.Initiation.InstructedAmount.Amount`.
    pub(crate) path: Option<String>,
}

impl Problem {
    /// A problem that no single field has.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None }
    }

    /// A problem of one field or header.
    pub(crate) fn at(code: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { path: Some(shortened(path, 500)), ..Self::new(code, message) }
    }
}

fn shortened(text: &str, length: usize) -> String {
    text.chars().take(length).collect()
}

/// The body of an error answer.
pub(crate) fn error_body(version: Version, status: u16, id: &str, problems: &[Problem]) -> Value {
    let code = match status {
        400 => "400 BadRequest",
        403 => "403 Forbidden",
        503 => "503 ServiceUnavailable",
        _ => "500 InternalServerError",
    };
    let errors: Vec<Value> = problems
        .iter()
        .take(MAXIMUM_PROBLEMS)
        .map(|problem| {
            let mut error = json!({
                "ErrorCode": version.error_code(problem.code),
                "Message": shortened(&problem.message, 500),
            });
            if let Some(path) = &problem.path {
                error["Path"] = json!(path);
            }
            error
        })
        .collect();
    if version == Version::V4_0 {
        return json!({ "Id": id, "Errors": errors });
    }
    let message = problems.first().map_or("", |problem| problem.message.as_str());
    json!({ "Code": code, "Id": id, "Message": shortened(message, 500), "Errors": errors })
}
