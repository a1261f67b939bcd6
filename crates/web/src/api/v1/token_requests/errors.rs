//! A token request is checked as the payment that it asks for; errors name their places in the
//! token request.

use domain::Refusal;
use gateway::GatewayError;

use super::body::Body;
use super::mapping::{form_name, rail_name};
use super::model::StoreTokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;

/// Fields of v2 and where they are here, the longer places first.
const PLACES: [(&str, &str); 25] = [
    ("initiation.bankId", "requestOptions.bankId"),
    ("initiation.externalPsuReference", "requestOptions.psuId"),
    ("initiation.refId", "requestPayload.refId"),
    ("initiation.callbackUrl", "requestPayload.redirectUrl"),
    ("initiation.callbackState", "requestPayload.callbackState"),
    ("initiation.onBehalfOfId", "requestPayload.actingAs.refId"),
    ("initiation.remittanceInformationPrimary", "{body}.remittanceReference"),
    ("initiation.remittanceInformationSecondary", "requestPayload.description"),
    ("initiation.amount.value", "{body}.{amount}"),
    ("initiation.amount.currency", "{body}.currency"),
    ("initiation.executionDate", "{body}.executionDate"),
    ("initiation.creditor.name", "{payee}.customerData.legalNames"),
    ("initiation.creditor.address", "{payee}.customerData.address"),
    ("initiation.creditor.ultimateCreditorName", "{metadata}.ultimateCreditor"),
    (
        "initiation.creditor.bankName",
        "{metadata}.providerTransferMetadata.nextGenPsd2TransferMetadata.creditorAgentName",
    ),
    ("initiation.creditor", "{payee}.{rail}"),
    ("initiation.debtor.name", "{source}.customerData.legalNames"),
    ("initiation.debtor.address", "{source}.customerData.address"),
    ("initiation.debtor.ultimateDebtorName", "{metadata}.ultimateDebtor"),
    ("initiation.debtor.bic", "{source}.bic"),
    ("initiation.debtor", "{source}.accountIdentifier.{form}"),
    (
        "initiation.risk.psuId",
        "{metadata}.providerTransferMetadata.cma9TransferMetadata.risk.merchantCustomerIdentification",
    ),
    ("initiation.risk", "{metadata}.providerTransferMetadata.cma9TransferMetadata.risk"),
    ("initiation.localInstrument", "{payee}"),
    ("initiation", "{body}"),
];
/// Names of v2 and what they are called here.
const NAMES: [(&str, &str); 10] = [
    ("`remittanceInformationPrimary`", "`remittanceReference`"),
    ("`remittanceInformationSecondary`", "`description`"),
    ("`callbackUrl`", "`redirectUrl`"),
    ("`externalPsuReference`", "`psuId`"),
    ("`onBehalfOfId`", "`refId`"),
    ("`value`", "`{amount}`"),
    ("`name`", "`legalNames`"),
    ("`ultimateCreditorName`", "`ultimateCreditor`"),
    ("`ultimateDebtorName`", "`ultimateDebtor`"),
    ("`bankName`", "`creditorAgentName`"),
];

/// The error with its place and its words in the token request.
pub(super) fn in_token_request(error: ApiError, asked: &StoreTokenRequest) -> ApiError {
    let ApiError::Field { fault, message, path, bare } = error else {
        return match error {
            ApiError::Bank { code, message, bank_id } => {
                ApiError::Bank { code, message: renamed(message, asked), bank_id }
            }
            other => other,
        };
    };
    if !path.starts_with("initiation") {
        return ApiError::Field { fault, message, path, bare };
    }
    let message = renamed(message, asked);
    let reference = Body::of(&asked.request_payload).and_then(Body::remittance_reference);
    let stands_in = reference.is_none() && path.ends_with(".remittanceInformationPrimary");
    let path = place(&path, asked);
    if stands_in {
        let message = format!(
            "`remittanceReference` is required, because `refId` cannot stand in \
                               for it. {message}"
        );
        return ApiError::field(FieldFault::Expected, path, message);
    }
    ApiError::Field { fault, message, path, bare }
}

/// The error of a use case.
pub(super) fn from_gateway(error: GatewayError, id: &str, asked: &StoreTokenRequest) -> ApiError {
    match error {
        GatewayError::Refused(Refusal::BankRequired) => {
            let message = "`bankId` is required where the payer does not choose the bank on the \
                           hosted pages.";
            ApiError::field(FieldFault::Expected, "requestOptions.bankId", message)
        }
        GatewayError::Refused(refusal) => {
            ApiError::field(FieldFault::Invalid, "tokenRequestId", format!("{refusal}."))
        }
        // The only use case that has questions here.
        GatewayError::Invalid(message) => {
            let message = message.replace("`embeddedAuth.", "`credentials.");
            ApiError::field(FieldFault::Invalid, "credentials", message)
        }
        error => {
            let error = ApiError::from_gateway(error, id, "initiation.bankId");
            in_token_request(error, asked)
        }
    }
}

fn renamed(message: String, asked: &StoreTokenRequest) -> String {
    // A needed field is named by its whole place.
    let message = message.split('`').map(|part| match part.starts_with("initiation.") {
        true => place(part, asked),
        false => part.to_owned(),
    });
    let message = message.collect::<Vec<_>>().join("`");
    let amount = Body::of(&asked.request_payload).map_or("", Body::amount_name);
    NAMES.iter().fold(message, |message, (theirs, ours)| {
        message.replace(theirs, &ours.replace("{amount}", amount))
    })
}

fn place(path: &str, asked: &StoreTokenRequest) -> String {
    let found = PLACES.iter().find_map(|(theirs, ours)| {
        let rest = path.strip_prefix(theirs)?;
        (rest.is_empty() || rest.starts_with('.')).then(|| format!("{ours}{rest}"))
    });
    let Some(found) = found else { return path.to_owned() };
    let body = Body::of(&asked.request_payload);
    let (rail, form) = body.map_or(("", ""), |body| (rail_name(body), form_name(body)));
    let (place, amount) =
        body.map_or((Body::TRANSFER, ""), |body| (body.path(), body.amount_name()));
    let form = if form.is_empty() { "iban" } else { form };
    found
        .replace("{payee}", "{instructions}.transferDestinations[0]")
        .replace("{source}", "{instructions}.source")
        .replace("{metadata}", "{instructions}.metadata")
        .replace("{instructions}", "{body}.instructions")
        .replace("{body}", place)
        .replace("{amount}", amount)
        .replace("{rail}", rail)
        .replace("{form}", form)
}
