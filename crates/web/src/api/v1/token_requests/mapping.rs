//! A token request as the payment that it asks for.

use domain::card_number::resembles_card_number;
use domain::initiation::{Flow, Risk};

use super::body::Body;
use super::destination::payee;
use super::instructions::Destination;
use super::metadata::{Cma9Risk, Metadata};
use super::model::StoreTokenRequest;
use super::paths::TokenRequest;
use super::source::payer;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::parts::address::DeliveryAddress;
use crate::api::parts::draft::Draft;
use crate::api::parts::words::ChargeBearer;

pub(super) fn fault(fault: FieldFault, path: String, message: impl Into<String>) -> ApiError {
    ApiError::field(fault, path, message)
}

pub(super) fn invalid(path: impl Into<String>, message: impl Into<String>) -> ApiError {
    fault(FieldFault::Invalid, path.into(), message)
}

/// Exactly one payload, and of a kind that this release carries out.
pub(super) fn refuse_other_payloads(asked: &StoreTokenRequest) -> Result<(), ApiError> {
    let payload = &asked.request_payload;
    let bodies = [
        ("transferBody", payload.transfer_body.is_some()),
        ("standingOrderBody", payload.standing_order_body.is_some()),
        ("accessBody", payload.access_body.is_some()),
        ("bulkTransferBody", payload.bulk_transfer_body.is_some()),
    ];
    let mut there = bodies.into_iter().filter(|(_, there)| *there).map(|(name, _)| name);
    match (there.next(), there.next()) {
        (Some(first), Some(second)) => {
            let message = format!("`{second}` beside `{first}`: send exactly one of them.");
            Err(invalid(format!("requestPayload.{second}"), message))
        }
        (Some(name @ ("accessBody" | "bulkTransferBody")), None) => {
            let message = format!(
                "`{name}` is not supported by this release: send `transferBody` or \
                 `standingOrderBody`."
            );
            Err(ApiError::NotImplemented { message })
        }
        (Some(_) | None, _) => Ok(()),
    }
}

/// Refuses a token request whose `refId` or `description` holds or resembles a card number.
/// `remittanceReference` may be the number of a card that is paid off.
pub(super) fn refuse_card_numbers(asked: &StoreTokenRequest) -> Result<(), ApiError> {
    let payload = &asked.request_payload;
    let description = payload.description.as_deref().unwrap_or_default();
    match [payload.ref_id.as_str(), description].into_iter().any(resembles_card_number) {
        true => Err(ApiError::PanDetected),
        false => Ok(()),
    }
}

/// The payment to the destination of `places`, before its checks.
pub(super) fn draft(places: TokenRequest<'_>) -> Result<Draft, ApiError> {
    let asked = places.asked();
    let (payload, options) = (&asked.request_payload, asked.request_options.clone());
    let options = options.unwrap_or_default();
    let Some(body) = places.body() else {
        let message = "`transferBody` or `standingOrderBody` is required.";
        return Err(fault(FieldFault::Expected, Body::TRANSFER.to_owned(), message));
    };
    let (local_instrument, creditor) = payee(places)?;
    let metadata = body.instructions().metadata.clone().unwrap_or_default();
    let transfer = body.transfer();
    if transfer.is_some() && metadata.provider_standing_order_metadata.is_some() {
        let path = places.in_instructions("metadata.providerStandingOrderMetadata");
        let message = "`providerStandingOrderMetadata` belongs to `standingOrderBody`.";
        return Err(invalid(path, message));
    }
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let bank_id = some(&options.bank_id);
    let internal = options.token_internal.unwrap_or_default();
    let flow = match (&bank_id, internal.using_web_app) {
        (None, _) => Flow::FullHostedPages,
        (Some(_), Some(true)) => Flow::EmbeddedHostedPages,
        (Some(_), Some(false) | None) => Flow::ApiOnly,
    };
    let destinations = &body.instructions().transfer_destinations;
    let account_type = destinations.get(places.index()).and_then(Destination::british_account_type);
    Ok(Draft {
        bank_id,
        ref_id: payload.ref_id.clone(),
        reference: body.remittance_reference().unwrap_or(&payload.ref_id).to_owned(),
        secondary_text: some(&payload.description),
        on_behalf_of_id: payload.acting_as.as_ref().and_then(|one| some(&one.ref_id)),
        value: body.amount().to_owned(),
        currency: body.currency().to_owned(),
        local_instrument,
        debtor: payer(places)?,
        creditor,
        execution_date: transfer.and_then(|transfer| some(&transfer.execution_date)),
        confirm_funds: transfer.and_then(|transfer| transfer.confirm_funds).unwrap_or(false),
        return_refund_account: body.return_refund_account().unwrap_or(false),
        disable_future_dated_payment_conversion: payload
            .disable_future_dated_payment_conversion
            .unwrap_or(false),
        callback_url: payload.redirect_url.clone(),
        callback_state: payload.callback_state.clone(),
        charge_bearer: metadata.charge_bearer.and_then(ChargeBearer::into_domain),
        risk: risk(&metadata, account_type),
        flow,
        external_psu_reference: some(&options.psu_id),
    })
}

/// The data for the bank's fraud checks. The purpose may belong to the whole payment, the kind of the
/// payee's account to the payee.
fn risk(metadata: &Metadata, account_type: Option<&str>) -> Option<Risk> {
    let told = metadata
        .provider_transfer_metadata
        .as_ref()
        .and_then(|provider| provider.cma9.as_ref())
        .and_then(|cma9| cma9.risk.clone());
    if told.is_none() && metadata.purpose_code.is_none() && account_type.is_none() {
        return None;
    }
    let Cma9Risk {
        delivery_address,
        merchant_customer_identification,
        payment_context_code,
        payment_purpose_code,
        beneficiary_account_type,
        contract_present_indicator,
        beneficiary_prepopulated_indicator,
    } = told.unwrap_or_default();
    let purpose = payment_purpose_code.or(metadata.purpose_code);
    let truth = |text: Option<String>| text.map(|text| text == "true");
    Some(Risk {
        psu_id: merchant_customer_identification,
        payment_context_code,
        payment_purpose_code: purpose.map(|code| code.name().to_owned()),
        merchant_category_code: None,
        beneficiary_account_type: beneficiary_account_type.or(account_type.map(str::to_owned)),
        contract_present_indicator: truth(contract_present_indicator),
        beneficiary_prepopulated_indicator: truth(beneficiary_prepopulated_indicator),
        delivery_address: delivery_address.map(DeliveryAddress::into_domain),
    })
}
