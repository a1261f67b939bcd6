//! `docs/errors.md`, made of the code: one example of every error, rendered as members get it.

use std::fmt::Write;

use axum::body::to_bytes;
use axum::response::Response;
use serde_json::Value;

use super::error::{ApiError, FieldFault};
use super::error_body::{ErrorForm, render};

const TRACE_ID: &str = "5f0e1d2c3b4a5968";

const HEAD: &str = "\
# Errors

This page is generated from the code; `BASCULE_UPDATE_DOCS=1 cargo test -p web` writes it again.

Errors have the shapes of the published API, not those of RFC 9457. There are two families of errors. The
request header `token-json-error` selects one:

| `token-json-error` | Body |
|---|---|
| absent | The typed JSON that the published document declares for the operation. Operations of payments v1 (`/token-requests`, `/transfers`, `/tokens`, `/standing-order-submissions`) answer with text. |
| `true` | The typed JSON with the members of the older family: `code` (the HTTP status), `token_trace_id`, and `error_origin`, which is `bank` or `token`. |
| `false` | Text such as `INVALID_ARGUMENT: …`, which begins with the name of the gRPC status. Only at the older operations: `/v2/…`, `/vrp-consents`, `/vrps` and `/tokenized-accounts` always answer with typed JSON. |

- Every answer has a trace id in the headers `tokenTraceId` and `token-trace-id`. An error also has it in its body.
- An answer has `token-external-error: true` only if it is a 5xx that the bank caused.
- `/v2/payments` without an id answers 400 with the members of the error at the top and again under `error`: the
  document declares the first, clients read the second.
- In payments v2, a slow bank is not an error. At the deadline (`request-timeout`, or the gateway's own) the gateway
  returns the stored payment, `INITIATION_PENDING`; the bank's answer changes it later.
- Payments v1 has no such status: there, authorising a token request at a slow bank is answered 504.
- In a sandbox, the message of a 401 names the part of the token that does not match. In production the message is only
  `UNAUTHENTICATED`.
";

const NEVER_SENT: &str = "
Published operations that are not built answer every request of a member with 501.
";

/// The meaning of each error. No error may be missing: the match has no wildcard.
fn when(error: &ApiError) -> &'static str {
    match error {
        ApiError::Field { bare: true, .. } => {
            "A parameter of `GET /v2/payments` is wrong. This is the only body without an \
             envelope."
        }
        ApiError::Field { fault: FieldFault::Expected, .. } => {
            "A required field is missing. `paths` are dotted, from the root of the body."
        }
        ApiError::Field { fault: FieldFault::InvalidFormat, .. } => {
            "A field or a parameter has the wrong type or form, or is too long."
        }
        ApiError::Field { fault: FieldFault::Invalid, .. } => {
            "A field or a parameter has the right form, but a value that is not allowed."
        }
        ApiError::Field { fault: FieldFault::NotUnique, .. } => {
            "Another token request of the member already has this `refId`. References of \
             payments v2 need not be unique."
        }
        ApiError::PanDetected => {
            "`refId`, a remittance text or (payments v1) `description` contains a card \
             number. The answer does not repeat the text."
        }
        ApiError::Bank { code: "Bank.RegistrationNotFound", .. } => {
            "The operator has not registered the gateway at this bank yet."
        }
        ApiError::Bank { .. } => "The bank does not support the request.",
        ApiError::BadRequest { .. } => {
            "A request to an older operation is wrong; the message says why."
        }
        ApiError::Unauthenticated { message } if message.is_empty() => {
            "The request is not authenticated; in production."
        }
        ApiError::Unauthenticated { .. } => "The request is not authenticated; in a sandbox.",
        ApiError::PermissionDenied { .. } => "The member lacks the permission.",
        ApiError::NotFound { .. } => {
            "The resource does not exist, or belongs to another member. As published, \
             `paymentId` has the id of any resource; it is empty for an unknown URL."
        }
        ApiError::MethodNotAllowed => "The URL exists, but not with this method.",
        ApiError::TooLarge => "The body is larger than 1 MiB.",
        ApiError::TooManyRequests { .. } => {
            "The member sent more requests than the operator allows; nothing was done. \
             `Retry-After` has the time until the next request is accepted. As published, \
             `paymentId` repeats the message."
        }
        ApiError::RequestInProgress => {
            "The first request with the same `Idempotency-Key` is still running; \
             `Retry-After` has the time until the next attempt. Not published."
        }
        ApiError::KeyReused => {
            "The `Idempotency-Key` was already used with another body. Not published."
        }
        ApiError::NotImplemented { .. } => {
            "The operation or field is published, but not built in this release. As \
             published, `paymentId` repeats the message."
        }
        ApiError::BankSlow { .. } => {
            "The bank has not answered in time how the payer must approve a token request. \
             The gateway keeps waiting, and the same request later returns the bank's answer. \
             As published, `paymentId` repeats the message."
        }
        ApiError::BankUnavailable { .. } => {
            "The bank accepts no calls now, because of an announced or observed outage. \
             Nothing was recorded. As published, `paymentId` repeats the message."
        }
        ApiError::Unavailable { .. } => "The gateway's database is unavailable.",
        ApiError::Internal { .. } => "A defect of the gateway.",
    }
}

fn examples() -> Vec<ApiError> {
    let field = |fault, path: &str, message: &str| ApiError::field(fault, path, message);
    let (path, text) = ("initiation.refId", "`refId` should not be longer than 35 symbols.");
    vec![
        field(FieldFault::Expected, path, "`refId` is required."),
        field(FieldFault::InvalidFormat, path, text),
        field(FieldFault::Invalid, "initiation.bankId", "No bank has the id `x`."),
        field(FieldFault::NotUnique, "requestPayload.refId", "`refId` is that of another request."),
        field(FieldFault::InvalidFormat, "limit", "`limit` should be a whole number.").bare(),
        ApiError::PanDetected,
        ApiError::Bank {
            code: "Bank.FeatureNotSupported",
            message: "Bank `ob-modelo` does not support `confirmFunds`.".to_owned(),
            bank_id: "ob-modelo".to_owned(),
        },
        ApiError::Bank {
            code: "Bank.RegistrationNotFound",
            message: "Bank `example-bank` has no registration of this provider yet.".to_owned(),
            bank_id: "example-bank".to_owned(),
        },
        ApiError::BadRequest { message: "`publicKey` should be PEM or base64url.".to_owned() },
        ApiError::Unauthenticated { message: "`path` is /a, the request's is /b".to_owned() },
        ApiError::Unauthenticated { message: String::new() },
        ApiError::PermissionDenied {
            message: "A member may see and change its own keys only.".to_owned(),
        },
        ApiError::payment_not_found("pm2:1:2"),
        ApiError::MethodNotAllowed,
        ApiError::TooLarge,
        ApiError::TooManyRequests { retry_after_s: 12 },
        ApiError::RequestInProgress,
        ApiError::KeyReused,
        ApiError::NotImplemented { message: "`accessBody` is not supported yet.".to_owned() },
        ApiError::BankSlow { message: "The bank has not answered yet: ask again.".to_owned() },
        ApiError::BankUnavailable { message: "Bank `ob-modelo` is unavailable.".to_owned() },
        ApiError::Unavailable { detail: "for the log only".to_owned() },
        ApiError::Internal { detail: "for the log only".to_owned() },
    ]
}

async fn body_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

async fn json_of(error: &ApiError, form: ErrorForm) -> Value {
    serde_json::from_str(&body_of(render(error, TRACE_ID, form)).await).unwrap()
}

async fn catalogue() -> String {
    let mut out = HEAD.to_owned();
    out += "\n## Every error\n\n| HTTP | `errorCode` | gRPC | When |\n|---|---|---|---|\n";
    for error in examples() {
        let body = json_of(&error, ErrorForm::Declared).await;
        let code = body["error"]["errorCode"].as_str().map(|code| format!("`{code}`"));
        let (status, grpc) = (error.status().as_u16(), error.grpc());
        writeln!(
            out,
            "| {status} | {} | {} ({}) | {} |",
            code.as_deref().unwrap_or("none"),
            grpc.name(),
            grpc.number(),
            when(&error)
        )
        .unwrap();
    }
    out += NEVER_SENT;
    out += "\n## Examples\n\nIn the declared form, then with `token-json-error: true`, then as text.\n";
    for error in examples() {
        let code = json_of(&error, ErrorForm::Declared).await["error"]["errorCode"].clone();
        let name = code.as_str().unwrap_or_else(|| error.grpc().name());
        let external = if error.is_from_bank() { ", `token-external-error: true`" } else { "" };
        write!(out, "\n### {} {name}\n\n{}{external}\n\n", error.status().as_u16(), when(&error))
            .unwrap();
        for form in [ErrorForm::Declared, ErrorForm::BothFamilies] {
            let body = json_of(&error, form).await;
            writeln!(out, "```json\n{}\n```\n", serde_json::to_string_pretty(&body).unwrap())
                .unwrap();
        }
        let text = body_of(render(&error, TRACE_ID, ErrorForm::Text)).await;
        writeln!(out, "```text\n{text}\n```").unwrap();
    }
    out
}

#[test]
fn operators_are_alarmed_by_failures_of_the_gateway_alone() {
    let alarming: Vec<_> =
        examples().into_iter().filter(ApiError::is_failure_of_ours).map(|e| e.status()).collect();
    assert_eq!(alarming, [503, 500]);
    let others = examples().into_iter().filter(|error| !error.is_failure_of_ours());
    let server_errors: Vec<_> =
        others.map(|e| e.status()).filter(|s| s.is_server_error()).collect();
    assert_eq!(server_errors, [501, 504, 503]);
}

#[tokio::test]
async fn the_committed_catalogue_of_errors_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors.md");
    let generated = catalogue().await;
    if std::env::var_os("BASCULE_UPDATE_DOCS").is_some() {
        std::fs::write(path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == generated,
        "docs/errors.md is not that of the code: BASCULE_UPDATE_DOCS=1 cargo test -p web"
    );
}
