//! Errors of the API and the published bodies for them (reference, section 1.8).
//!
//! Handlers return an [`ApiError`]; [`render`] is the only place that knows the shapes. What the
//! schemas carry in odd places (`paymentId` as a message slot) is sent beside the sensible form.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gateway::GatewayError;
use serde_json::{Value, json};
use store::StoreError;

/// What is wrong with a field (`errorCode` of the published `FieldError`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// It is missing.
    Expected,
    /// It has the wrong type or form, or is too long.
    InvalidFormat,
    /// It is well-formed but not acceptable.
    Invalid,
}

impl FieldFault {
    pub(super) fn code(self) -> &'static str {
        match self {
            FieldFault::Expected => "Field.Expected",
            FieldFault::InvalidFormat => "Field.InvalidFormat",
            FieldFault::Invalid => "Field.Invalid",
        }
    }
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// 400: a field of the body, or a query parameter.
    Field {
        /// What is wrong with it.
        fault: FieldFault,
        /// In words.
        message: String,
        /// Dotted path from the body's root, or the parameter's name.
        path: String,
        /// Where the published schema has the body bare: `GET /v2/payments`.
        bare: bool,
    },
    /// 400: the bank does not do this.
    Bank {
        /// `Bank.FeatureNotSupported` or `Bank.RegistrationNotFound`.
        code: &'static str,
        /// In words.
        message: String,
        /// The bank.
        bank_id: String,
    },
    /// 400 without a code: the older operations.
    BadRequest {
        /// In words.
        message: String,
    },
    /// 401.
    Unauthenticated {
        /// In words; empty in production, where nothing is told.
        message: String,
    },
    /// 403.
    PermissionDenied {
        /// In words.
        message: String,
    },
    /// 404.
    NotFound {
        /// In words.
        message: String,
        /// The id that was asked for, or empty.
        id: String,
    },
    /// 405.
    MethodNotAllowed,
    /// 413.
    TooLarge,
    /// 503: the bank takes no calls now.
    BankUnavailable {
        /// In words.
        message: String,
    },
    /// 503: the database cannot serve now.
    Unavailable {
        /// For the log, not for the caller.
        detail: String,
    },
    /// 500.
    Internal {
        /// For the log, not for the caller.
        detail: String,
    },
}

impl ApiError {
    /// A field of the body.
    pub fn field(
        fault: FieldFault,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> ApiError {
        ApiError::Field { fault, message: message.into(), path: path.into(), bare: false }
    }

    /// The same in the form that `GET /v2/payments` has.
    #[must_use]
    pub fn bare(self) -> ApiError {
        match self {
            ApiError::Field { fault, message, path, .. } => {
                ApiError::Field { fault, message, path, bare: true }
            }
            other => other,
        }
    }

    /// No such URL.
    #[must_use]
    pub fn no_such_url() -> ApiError {
        ApiError::NotFound {
            message: "There is no such operation: see /openapi.json.".to_owned(),
            id: String::new(),
        }
    }

    /// The URL exists, but not with this method.
    #[must_use]
    pub fn method_not_allowed() -> ApiError {
        ApiError::MethodNotAllowed
    }

    /// A payment that does not exist, or is another member's.
    #[must_use]
    pub fn payment_not_found(id: &str) -> ApiError {
        let shown: String = id.chars().take(domain::ids::ID_LENGTH_MAX).collect();
        ApiError::NotFound { message: format!("Payment {shown} not found."), id: shown }
    }

    /// The error of a use case; `bank_path` is the field that named the bank.
    #[must_use]
    pub fn from_gateway(error: GatewayError, id: &str, bank_path: &str) -> ApiError {
        match error {
            GatewayError::PaymentNotFound => ApiError::payment_not_found(id),
            GatewayError::BankUnknown { bank_id } => ApiError::field(
                FieldFault::Invalid,
                bank_path,
                format!("No bank has the id `{bank_id}`: see GET /v2/banks."),
            ),
            GatewayError::FieldNeeded { bank_id, field } => ApiError::field(
                FieldFault::Expected,
                field.path(),
                format!("Bank `{bank_id}` needs `{field}`: see `mandatoryFields` of the bank."),
            ),
            GatewayError::FeatureNotSupported { bank_id, feature } => ApiError::Bank {
                code: "Bank.FeatureNotSupported",
                message: format!("Bank `{bank_id}` does not support {feature}."),
                bank_id,
            },
            error @ GatewayError::BankUnavailable { .. } => {
                ApiError::BankUnavailable { message: format!("{error}.") }
            }
            GatewayError::Refused(domain::Refusal::BankRequired) => ApiError::field(
                FieldFault::Expected,
                bank_path,
                "`bankId` is required unless `flowType` is FULL_HOSTED_PAGES.",
            ),
            GatewayError::Refused(refusal) => {
                ApiError::field(FieldFault::Invalid, bank_path, refusal.to_string())
            }
            GatewayError::Invalid(message) => ApiError::BadRequest { message },
            GatewayError::Store(error @ StoreError::Corrupt(_)) => {
                ApiError::Internal { detail: error.to_string() }
            }
            GatewayError::Store(error) => ApiError::Unavailable { detail: error.to_string() },
            GatewayError::Sealing(detail) => ApiError::Internal { detail },
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::Field { .. } | ApiError::Bank { .. } | ApiError::BadRequest { .. } => {
                StatusCode::BAD_REQUEST
            }
            ApiError::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            ApiError::PermissionDenied { .. } => StatusCode::FORBIDDEN,
            ApiError::NotFound { .. } => StatusCode::NOT_FOUND,
            ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ApiError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::BankUnavailable { .. } | ApiError::Unavailable { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ApiError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the log says.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            ApiError::Unavailable { detail } | ApiError::Internal { detail } => detail.clone(),
            other => format!("{other:?}"),
        }
    }
}

/// Leaves the rendering to `envelope`, which knows the trace id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The published body.
pub(super) fn render(error: &ApiError, trace_id: &str) -> Response {
    let body = body(error, trace_id);
    let mut response = (error.status(), body.to_string()).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn body(error: &ApiError, trace_id: &str) -> Value {
    match error {
        ApiError::Field { fault, message, path, bare } => {
            let mut fields = json!({
                "errorCode": fault.code(), "message": message, "tokenTraceId": trace_id,
                "paths": [path],
            });
            if *bare {
                // The schema has these fields at the top; clients look under `error`. Both get it.
                let copy = fields.clone();
                fields["error"] = copy;
                return fields;
            }
            json!({ "error": fields })
        }
        ApiError::Bank { code, message, bank_id } => json!({ "error": {
            "errorCode": code, "message": message, "tokenTraceId": trace_id, "bankId": bank_id,
        }}),
        ApiError::BadRequest { message } => {
            json!({ "error": { "message": message, "tokenTraceId": trace_id }})
        }
        ApiError::Unauthenticated { message } => {
            let message = if message.is_empty() {
                "UNAUTHENTICATED".to_owned()
            } else {
                format!("UNAUTHENTICATED: {message}")
            };
            json!({ "error": { "message": message, "tokenTraceId": trace_id }})
        }
        ApiError::PermissionDenied { message } => coded("PermissionDenied", message, trace_id, ""),
        ApiError::NotFound { message, id } => coded("NOT_FOUND", message, trace_id, id),
        ApiError::MethodNotAllowed => coded(
            "MethodNotAllowed",
            "This method is not allowed here: see /openapi.json.",
            trace_id,
            "",
        ),
        ApiError::TooLarge => {
            coded("TooLarge", "The body should not be larger than 1 MiB.", trace_id, "")
        }
        ApiError::BankUnavailable { message } => coded("UNAVAILABLE", message, trace_id, message),
        ApiError::Unavailable { .. } => {
            let message = "The service cannot store data now; nothing was changed. Try again.";
            coded("UNAVAILABLE", message, trace_id, message)
        }
        ApiError::Internal { .. } => coded(
            "InternalServerError",
            "Internal error: quote the trace id to the operator.",
            trace_id,
            "",
        ),
    }
}

fn coded(code: &str, message: &str, trace_id: &str, payment_id: &str) -> Value {
    json!({ "error": {
        "errorCode": code, "message": message, "tokenTraceId": trace_id, "paymentId": payment_id,
    }})
}
