//! The error bodies of [`super::error`] as the OpenAPI document describes them: one place for all
//! operations, so that none forgets what any of them can answer.

use serde::Serialize;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response};
use utoipa::{PartialSchema, ToSchema};

use super::error_body::TEXT_PATHS;
use super::{idempotency, rate_limit};

/// Why a request was not carried out. Which of the optional fields are there follows from the
/// status.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// In words.
    message: String,
    /// Names this request towards the operator; the header `tokenTraceId` says the same.
    token_trace_id: String,
    /// For programs, for example `Field.Expected`, `Bank.FeatureNotSupported`, `NOT_FOUND`.
    error_code: Option<String>,
    /// With `Field.…`: dotted paths from the root of the body, or names of parameters.
    paths: Option<Vec<String>>,
    /// With `Bank.…`: the bank.
    bank_id: Option<String>,
    /// With `NOT_FOUND`: the id that was asked for. With `UNAVAILABLE` and
    /// `RESOURCE_EXHAUSTED`: the message once more.
    payment_id: Option<String>,
}

/// An error in its envelope.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorResponse {
    /// The error.
    error: ErrorBody,
}

/// A wrong parameter of `GET /v2/payments`: bare, and once more in the envelope of all others.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListError {
    /// `Field.InvalidFormat` or `Field.Invalid`.
    error_code: String,
    /// In words.
    message: String,
    /// Names this request towards the operator.
    token_trace_id: String,
    /// The parameter.
    paths: Vec<String>,
    /// The same.
    error: ErrorBody,
}

/// The errors that any operation can answer.
const COMMON: [(&str, &str); 6] = [
    ("400", "A parameter or the body is wrong"),
    ("401", "Not authenticated"),
    ("404", "No such operation"),
    ("413", "The body is larger than 1 MiB"),
    ("500", "Internal error"),
    ("503", "Nothing can be stored now"),
];

/// The component that describes a 429.
const TOO_MANY: &str = "TooManyRequests";
/// The same where errors are text.
const TOO_MANY_AS_TEXT: &str = "TooManyRequestsAsText";
/// The one operation whose 400 is a [`ListError`].
const LIST_OPERATION: &str = "GatewayService.GetPayments";

/// Adds the common answers to every operation, and its body to every error.
pub fn describe(document: &mut OpenApi) {
    let components = document.components.get_or_insert_with(Default::default);
    for (name, schema) in [
        ("ErrorBody", ErrorBody::schema()),
        ("ErrorResponse", ErrorResponse::schema()),
        ("ListError", ListError::schema()),
    ] {
        components.schemas.insert(name.to_owned(), schema);
    }
    components.responses.insert(TOO_MANY.to_owned(), RefOr::T(too_many_requests()));
    let mut as_text = too_many_requests();
    as_text.content.insert("text/plain".to_owned(), RefOr::T(text()));
    components.responses.insert(TOO_MANY_AS_TEXT.to_owned(), RefOr::T(as_text));
    for (path, item) in &mut document.paths.paths {
        let as_text = TEXT_PATHS.iter().any(|start| path.starts_with(start));
        if let Some(operation) = &mut item.post {
            describe_idempotency(operation);
        }
        for operation in operations(item) {
            describe_errors(operation, as_text);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .flatten()
}

/// Every POST takes an idempotency key, and can refuse it.
fn describe_idempotency(operation: &mut Operation) {
    let text = "Makes a repetition of the request safe: it is carried out once and answered alike, \
                with `Idempotent-Replayed: true`. 1 to 255 characters of ASCII";
    let parameter = ParameterBuilder::new()
        .name(idempotency::HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(String::schema()));
    operation.parameters.get_or_insert_default().push(RefOr::T(parameter.build()));
    for (status, description) in [
        ("409", "The first request with the idempotency key is still being carried out"),
        ("422", "The idempotency key came before with another body"),
    ] {
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_owned(), RefOr::T(Response::new(description)));
    }
}

/// `as_text`: errors are text unless the request prefers JSON.
fn describe_errors(operation: &mut Operation, as_text: bool) {
    let lists = operation.operation_id.as_deref() == Some(LIST_OPERATION);
    let responses = &mut operation.responses.responses;
    for (status, description) in COMMON {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
    }
    let too_many = if as_text { TOO_MANY_AS_TEXT } else { TOO_MANY };
    responses.insert("429".to_owned(), RefOr::Ref(Ref::from_response_name(too_many)));
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        let name = match status.as_str() {
            "200" => continue,
            "400" if lists => "ListError",
            _ => "ErrorResponse",
        };
        response.content.insert("application/json".to_owned(), RefOr::T(body_of(name)));
        if as_text {
            response.content.insert("text/plain".to_owned(), RefOr::T(text()));
        }
    }
}

/// `INVALID_ARGUMENT: what is wrong`.
fn text() -> Content {
    Content::new(Some(String::schema()))
}

fn body_of(schema: &str) -> Content {
    Content::new(Some(Ref::from_schema_name(schema)))
}

/// Its headers are those of every other answer to a request that was counted, too.
fn too_many_requests() -> Response {
    let mut response = Response::new("More requests than the member may send; nothing was done");
    let retry_after = ("Retry-After", "Seconds until the next request is taken");
    for (name, description) in rate_limit::HEADERS.into_iter().chain([retry_after]) {
        let header =
            HeaderBuilder::new().schema(Some(u64::schema())).description(Some(description));
        response.headers.insert(name.to_owned(), RefOr::T(header.build()));
    }
    response.content.insert("application/json".to_owned(), RefOr::T(body_of("ErrorResponse")));
    response
}
