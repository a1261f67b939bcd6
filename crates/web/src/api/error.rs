//! Errors of the API and the published bodies for them (reference, section 1.8).
//!
//! Handlers return an [`ApiError`]; [`super::error_body`] is the only place that knows the shapes.
//! `docs/errors.md` lists every error with an example; a test makes it from this code.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::grpc::GrpcStatus;

/// When a request may be sent again that the database could not serve, in seconds.
const DATABASE_RETRY_AFTER_S: u64 = 5;

/// What is wrong with a field (`errorCode` of the published `FieldError`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldFault {
    /// It is missing.
    Expected,
    /// It has the wrong type or form, or is too long.
    InvalidFormat,
    /// It is well-formed but not acceptable.
    Invalid,
    /// Another one has it.
    NotUnique,
}

impl FieldFault {
    /// `Field.…`, as published.
    pub(super) fn code(self) -> &'static str {
        match self {
            FieldFault::Expected => "Field.Expected",
            FieldFault::InvalidFormat => "Field.InvalidFormat",
            FieldFault::Invalid => "Field.Invalid",
            FieldFault::NotUnique => "Field.NotUnique",
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
    /// 400: a text holds a card number.
    PanDetected,
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
    /// 429: more requests than the member may send; nothing was done.
    TooManyRequests {
        /// When the next one is taken, in seconds, from 1.
        retry_after_s: u64,
    },
    /// 409: the request with this idempotency key is still being carried out.
    RequestInProgress,
    /// 422: the idempotency key came before with another body.
    KeyReused,
    /// 501: published, and not there in this release.
    NotImplemented {
        /// In words.
        message: String,
    },
    /// 504: the bank has not answered in the request's time; it goes on by itself.
    BankSlow {
        /// In words.
        message: String,
    },
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
        ApiError::not_found("Payment", id)
    }

    pub(super) fn not_found(what: &str, id: &str) -> ApiError {
        let shown = shown_id(id);
        ApiError::NotFound { message: format!("{what} {shown} not found."), id: shown }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            ApiError::Field { .. }
            | ApiError::PanDetected
            | ApiError::Bank { .. }
            | ApiError::BadRequest { .. } => StatusCode::BAD_REQUEST,
            ApiError::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            ApiError::PermissionDenied { .. } => StatusCode::FORBIDDEN,
            ApiError::NotFound { .. } => StatusCode::NOT_FOUND,
            ApiError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ApiError::RequestInProgress => StatusCode::CONFLICT,
            ApiError::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            ApiError::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            ApiError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ApiError::BankUnavailable { .. } | ApiError::Unavailable { .. } => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ApiError::NotImplemented { .. } => StatusCode::NOT_IMPLEMENTED,
            ApiError::BankSlow { .. } => StatusCode::GATEWAY_TIMEOUT,
            ApiError::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC status that the older forms of the error show.
    #[must_use]
    pub fn grpc(&self) -> GrpcStatus {
        match self {
            ApiError::Field { .. }
            | ApiError::PanDetected
            | ApiError::Bank { .. }
            | ApiError::BadRequest { .. }
            | ApiError::TooLarge
            | ApiError::KeyReused => GrpcStatus::InvalidArgument,
            ApiError::RequestInProgress => GrpcStatus::Aborted,
            ApiError::TooManyRequests { .. } => GrpcStatus::ResourceExhausted,
            ApiError::Unauthenticated { .. } => GrpcStatus::Unauthenticated,
            ApiError::PermissionDenied { .. } => GrpcStatus::PermissionDenied,
            ApiError::NotFound { .. } => GrpcStatus::NotFound,
            ApiError::MethodNotAllowed | ApiError::NotImplemented { .. } => {
                GrpcStatus::Unimplemented
            }
            ApiError::BankSlow { .. } => GrpcStatus::DeadlineExceeded,
            ApiError::BankUnavailable { .. } | ApiError::Unavailable { .. } => {
                GrpcStatus::Unavailable
            }
            ApiError::Internal { .. } => GrpcStatus::Internal,
        }
    }

    /// When the request may be sent again, in seconds, where that is known.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            ApiError::RequestInProgress | ApiError::BankSlow { .. } => Some(1),
            ApiError::TooManyRequests { retry_after_s } => Some(*retry_after_s),
            ApiError::Unavailable { .. } => Some(DATABASE_RETRY_AFTER_S),
            _ => None,
        }
    }

    /// Whether it is the bank that failed, not the gateway.
    #[must_use]
    pub fn is_from_bank(&self) -> bool {
        matches!(self, ApiError::BankUnavailable { .. } | ApiError::BankSlow { .. })
    }

    /// Whether an operator should look at it. An operation that does not exist yet (501) and a bank
    /// that fails (503, 504) are 5xx, too, but nothing is wrong with the gateway.
    #[must_use]
    pub fn is_failure_of_ours(&self) -> bool {
        matches!(self, ApiError::Unavailable { .. } | ApiError::Internal { .. })
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

/// As much of what was asked for as an id can be long.
fn shown_id(id: &str) -> String {
    id.chars().take(domain::ids::ID_LENGTH_MAX).collect()
}

/// Leaves the rendering to `envelope`, which knows the trace id.
impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
