//! What an HTTP status and an error body of the bank mean (OBIE 3.1.11 and 4.0, "Error Response
//! Structure" and "HTTP Status Codes"; RFC 6749, section 5.2 for the token endpoint).
//!
//! 4.0 needs nothing in a body but `Errors`, and nothing in an error but its code (`U004`).

use serde::Deserialize;

use crate::error::{BankError, cut, words};
use crate::wire::{BODY_BYTES_MAX, Response};

/// All shapes at once; a body that is none of them leaves all fields empty.
#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(rename = "Code")]
    code: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "Errors", default)]
    errors: Vec<ErrorItem>,
    error: Option<String>,
    error_description: Option<String>,
}

#[derive(Deserialize)]
struct ErrorItem {
    #[serde(rename = "ErrorCode")]
    code: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "Path")]
    path: Option<String>,
}

/// Lets 200 and 201 through. Anything else is an error by its class, whatever the body.
pub(super) fn success(response: Response) -> Result<Response, BankError> {
    let status = response.status;
    if response.body.len() > BODY_BYTES_MAX {
        let text = format!("HTTP status {status} with more than {BODY_BYTES_MAX} bytes");
        return Err(BankError::Unknown { text });
    }
    match status {
        200 | 201 => Ok(response),
        429 => {
            let wait = response.header("retry-after").map(|wait| format!(", retry after {wait}"));
            let text = cut(&format!("HTTP status 429{}", wait.unwrap_or_default()));
            Err(BankError::Unavailable { text })
        }
        // A bank that gave up waiting (408) may have begun; one that says "already there" (409)
        // has something.
        408 | 409 | 500.. => {
            let text = format!("HTTP status {status}: {}", refusal(&response).1);
            let text = text.trim_end_matches(": ").to_owned();
            Err(BankError::Unknown { text })
        }
        400..=499 => {
            let (code, text) = refusal(&response);
            Err(BankError::refused(code, status, text))
        }
        _ => Err(BankError::malformed(
            format!("HTTP status {status} where the standard has 200 or 201"),
            &response.body,
        )),
    }
}

/// The most telling code of an error body, and the bank's words.
fn refusal(response: &Response) -> (Option<String>, String) {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let first = body.errors.into_iter().next();
    let (item_code, item_message, path) =
        first.map_or((None, None, None), |item| (item.code, item.message, item.path));
    let code = item_code.or(body.error).or(body.code).map(|code| words(&code));
    let said: Vec<String> = [body.message.or(body.error_description), item_message, path]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    (code, words(&said.join("; ")))
}
