//! Errors of token requests, at their places there.

use domain::Refusal;
use domain::field::{Field, FieldError};
use gateway::GatewayError;

use super::model::StoreTokenRequest;
use super::paths::TokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::places::Places;

/// The error of a field.
pub(super) fn at(error: &FieldError, places: TokenRequest<'_>) -> ApiError {
    for_reference(ApiError::of_field(error, &places), places)
}

/// The error of a use case.
pub(super) fn from_gateway(error: GatewayError, id: &str, asked: &StoreTokenRequest) -> ApiError {
    let places = TokenRequest::of(asked);
    match error {
        GatewayError::Refused(Refusal::BankRequired) => {
            let message = "`bankId` is required where the payer does not choose the bank on the \
                           hosted pages.";
            ApiError::field(FieldFault::Expected, places.path(Field::BankId), message)
        }
        GatewayError::Refused(refusal) => {
            ApiError::field(FieldFault::Invalid, "tokenRequestId", format!("{refusal}."))
        }
        error => for_reference(ApiError::from_gateway(error, id, &places), places),
    }
}

/// The reference that the payee gets is `refId` where there is no other; one that is not acceptable as
/// such has to be sent apart.
fn for_reference(error: ApiError, places: TokenRequest<'_>) -> ApiError {
    let given = places.body().and_then(|body| body.remittance_reference());
    match error {
        ApiError::Field { message, path, .. }
            if given.is_none() && path == places.path(Field::Reference) =>
        {
            let message = format!(
                "`remittanceReference` is required, because `refId` cannot replace it. \
                 {message}"
            );
            ApiError::field(FieldFault::Expected, path, message)
        }
        other => other,
    }
}
