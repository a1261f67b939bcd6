//! A token request as the payment that it asks for.

use domain::card_number::resembles_card_number;

use super::body::Body;
use super::instructions::Destination;
use super::instructions::{AddressInfo, CustomerData, DESTINATIONS_MAX, RailAccount};
use super::metadata::{Cma9Risk, Metadata};
use super::model::StoreTokenRequest;
use crate::api::ApiError;
use crate::api::error::FieldFault;
use crate::api::v2::payments::address::Address;
use crate::api::v2::payments::amount::Amount;
use crate::api::v2::payments::initiation::Initiation;
use crate::api::v2::payments::party::{Creditor, Debtor};
use crate::api::v2::payments::risk::Risk;
use crate::api::v2::payments::words::{FlowType, LocalInstrument};

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

/// The payment that is asked for, in the words of v2.
pub(super) fn initiation(asked: &StoreTokenRequest) -> Result<Initiation, ApiError> {
    let (payload, options) = (&asked.request_payload, asked.request_options.clone());
    let options = options.unwrap_or_default();
    let Some(body) = Body::of(payload) else {
        let message = "`transferBody` or `standingOrderBody` is required.";
        return Err(fault(FieldFault::Expected, Body::TRANSFER.to_owned(), message));
    };
    let (local_instrument, creditor) = payee(body)?;
    let metadata = body.instructions().metadata.clone().unwrap_or_default();
    let transfer = body.transfer();
    if transfer.is_some() && metadata.provider_standing_order_metadata.is_some() {
        let path = format!("{}.instructions.metadata", body.path());
        let message = "`providerStandingOrderMetadata` belongs to `standingOrderBody`.";
        return Err(invalid(format!("{path}.providerStandingOrderMetadata"), message));
    }
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let bank_id = some(&options.bank_id);
    let internal = options.token_internal.unwrap_or_default();
    let flow = match (&bank_id, internal.using_web_app) {
        (None, _) => FlowType::FullHostedPages,
        (Some(_), Some(true)) => FlowType::EmbeddedHostedPages,
        (Some(_), Some(false) | None) => FlowType::ApiOnly,
    };
    Ok(Initiation {
        bank_id,
        ref_id: payload.ref_id.clone(),
        remittance_information_primary: body
            .remittance_reference()
            .unwrap_or(&payload.ref_id)
            .to_owned(),
        remittance_information_secondary: some(&payload.description),
        on_behalf_of_id: payload.acting_as.as_ref().and_then(|one| some(&one.ref_id)),
        vrp_consent_id: None,
        amount: Amount { value: body.amount().to_owned(), currency: body.currency().to_owned() },
        local_instrument,
        debtor: payer(body, &metadata)?,
        creditor: Creditor {
            ultimate_creditor_name: some(&metadata.ultimate_creditor),
            ..creditor
        },
        execution_date: transfer.and_then(|transfer| some(&transfer.execution_date)),
        confirm_funds: transfer.and_then(|transfer| transfer.confirm_funds),
        return_refund_account: body.return_refund_account(),
        disable_future_dated_payment_conversion: payload.disable_future_dated_payment_conversion,
        return_tokenized_account: None,
        callback_url: payload.redirect_url.clone(),
        callback_state: payload.callback_state.clone(),
        charge_bearer: metadata.charge_bearer,
        risk: risk(&metadata, body.instructions().british_account_type()),
        flow_type: Some(flow),
        pay_by_link_options: None,
        external_psu_reference: some(&options.psu_id),
    })
}

/// The rails of a destination: name, rail, account.
fn rails(of: &Destination) -> Vec<(&'static str, LocalInstrument, &RailAccount)> {
    use LocalInstrument as Rail;
    let rails = [
        ("sepa", Rail::Sepa, &of.sepa),
        ("sepaInstant", Rail::SepaInstant, &of.sepa_instant),
        ("fasterPayments", Rail::FasterPayments, &of.faster_payments),
        ("elixir", Rail::Elixir, &of.elixir),
        ("euDomesticNonEuro", Rail::EuDomesticNonEuro, &of.eu_domestic_non_euro),
        (
            "euDomesticNonEuroInstant",
            Rail::EuDomesticNonEuroInstant,
            &of.eu_domestic_non_euro_instant,
        ),
        ("bankgiro", Rail::Bankgiro, &of.bankgiro),
        ("plusgiro", Rail::Plusgiro, &of.plusgiro),
    ];
    let there = rails
        .into_iter()
        .filter_map(|(name, rail, account)| account.as_ref().map(|account| (name, rail, account)));
    there.collect()
}

/// The name of the rail of the first destination, for the places of errors.
pub(super) fn rail_name(body: Body<'_>) -> &'static str {
    let first = body.instructions().transfer_destinations.first();
    first.map_or("", |first| rails(first).first().map_or("", |(name, ..)| name))
}

/// The first of the destinations; see `payees`, which looks at each as if it were the first.
fn payee(body: Body<'_>) -> Result<(LocalInstrument, Creditor), ApiError> {
    let path = format!("{}.instructions.transferDestinations", body.path());
    let destinations = &body.instructions().transfer_destinations;
    if destinations.len() > DESTINATIONS_MAX {
        let message = format!("`transferDestinations` should not be more than {DESTINATIONS_MAX}.");
        return Err(invalid(path, message));
    }
    if destinations.is_empty() && body.destinations_url().is_some() {
        // Which rail it is follows from what the member tells later.
        return Ok((LocalInstrument::AutoSelect, Creditor::default()));
    }
    let Some(first) = destinations.first() else {
        let message = "`transferDestinations` should have the payee's account.";
        return Err(fault(FieldFault::Expected, path, message));
    };
    for (index, destination) in destinations.iter().enumerate() {
        one_rail(destination, &format!("{path}[{index}]"))?;
    }
    let path = format!("{path}[0]");
    let [(_, rail, account)] = rails(first)[..] else {
        let message = "The payee's account is required.";
        return Err(fault(FieldFault::Expected, path, message));
    };
    let holder = first.customer_data.as_ref();
    let creditor = Creditor {
        name: holder.and_then(name),
        address: holder.and_then(|holder| holder.address.as_ref()).map(address),
        ..Creditor::default()
    };
    let account = account.clone();
    let agent = body.instructions().metadata.as_ref().and_then(creditor_agent);
    let (agent_bic, bank_name) = agent.unwrap_or_default();
    Ok((
        rail,
        Creditor {
            iban: account.iban,
            bic: account.bic.or(agent_bic.filter(|_| account.sort_code.is_none())),
            sort_code: account.sort_code,
            account_number: account.account_number,
            bban: account.bban,
            clearing_number: account.clearing_number,
            bankgiro_number: account.bankgiro_number,
            plusgiro_number: account.plusgiro_number,
            bank_name,
            ..creditor
        },
    ))
}

/// Whether a destination has exactly one account, of a kind that can be paid, and a holder.
fn one_rail(destination: &Destination, path: &str) -> Result<(), ApiError> {
    for (name, there) in [
        ("virtualAccount", destination.virtual_account.is_some()),
        ("token", destination.token.is_some()),
    ] {
        if there {
            let message = format!("`{name}` is not supported by this release.");
            return Err(invalid(format!("{path}.{name}"), message));
        }
    }
    match rails(destination)[..] {
        [_] => {}
        [] => {
            let message = "An account is required: `sepa`, `sepaInstant`, `fasterPayments`, \
                           `elixir`, `euDomesticNonEuro`, `euDomesticNonEuroInstant`, `bankgiro` or \
                           `plusgiro`.";
            return Err(fault(FieldFault::Expected, path.to_owned(), message));
        }
        [_, (name, ..), ..] => {
            let message = format!("`{name}` is a second account: each destination has one.");
            return Err(invalid(format!("{path}.{name}"), message));
        }
    }
    if destination.customer_data.as_ref().and_then(name).is_none() {
        let path = format!("{path}.customerData.legalNames");
        return Err(fault(FieldFault::Expected, path, "`legalNames` is required."));
    }
    Ok(())
}

/// All the holders of an account as one name.
fn name(holder: &CustomerData) -> Option<String> {
    let names = holder.legal_names.as_deref().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(|name| name.trim()).filter(|n| !n.is_empty()).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// BIC and name of the payee's bank.
fn creditor_agent(metadata: &Metadata) -> Option<(Option<String>, Option<String>)> {
    let of_standard = metadata.provider_transfer_metadata.as_ref()?.next_gen_psd2.as_ref()?;
    Some((of_standard.creditor_agent.clone(), of_standard.creditor_agent_name.clone()))
}

fn payer(body: Body<'_>, metadata: &Metadata) -> Result<Option<Debtor>, ApiError> {
    let path = format!("{}.instructions.source.accountIdentifier", body.path());
    let Some(source) = &body.instructions().source else { return Ok(None) };
    let Some(account) = &source.account_identifier else {
        return Err(fault(FieldFault::Expected, path, "`accountIdentifier` is required."));
    };
    for (name, there) in [
        ("pan", account.pan.is_some()),
        ("msisdn", account.msisdn.is_some()),
        ("token", account.token.is_some()),
    ] {
        if there {
            let message = format!("`{name}` is not supported: send the payer's bank account.");
            return Err(invalid(format!("{path}.{name}"), message));
        }
    }
    let forms = forms(account);
    let account = match forms[..] {
        [(_, account)] => account.clone(),
        [] => {
            let message = "`accountIdentifier` should be `iban`, `gbDomestic`, `bban`, `bankgiro` \
                           or `plusgiro`.";
            return Err(fault(FieldFault::Expected, path, message));
        }
        [_, (name, _), ..] => {
            let message = format!("`{name}` is a second account: send exactly one.");
            return Err(invalid(format!("{path}.{name}"), message));
        }
    };
    let holder = source.customer_data.as_ref();
    Ok(Some(Debtor {
        iban: account.iban,
        bic: source.bic.clone(),
        sort_code: account.sort_code,
        account_number: account.account_number,
        bban: account.bban,
        clearing_number: account.clearing_number,
        bankgiro_number: account.bankgiro_number,
        plusgiro_number: account.plusgiro_number,
        name: holder.and_then(name),
        ultimate_debtor_name: metadata.ultimate_debtor.clone().filter(|name| !name.is_empty()),
        address: holder.and_then(|holder| holder.address.as_ref()).map(address),
        ..Debtor::default()
    }))
}

fn forms(of: &super::instructions::AccountIdentifier) -> Vec<(&'static str, &RailAccount)> {
    let forms = [
        ("iban", &of.iban),
        ("gbDomestic", &of.gb_domestic),
        ("bban", &of.bban),
        ("bankgiro", &of.bankgiro),
        ("plusgiro", &of.plusgiro),
    ];
    forms.into_iter().filter_map(|(name, form)| form.as_ref().map(|form| (name, form))).collect()
}

/// The name of the form of the payer's account, for the places of errors.
pub(super) fn form_name(body: Body<'_>) -> &'static str {
    let source = body.instructions().source.as_ref();
    let account = source.and_then(|source| source.account_identifier.as_ref());
    account.map_or("", |account| forms(account).first().map_or("", |(name, _)| name))
}

/// An address in its parts, named as the guide does for UK Open Banking; what has no part is a line.
fn address(of: &AddressInfo) -> Address {
    let first = |texts: &[&Option<String>]| {
        texts.iter().find_map(|text| (*text).clone().filter(|text| !text.is_empty()))
    };
    Address {
        address_line: first(&[&of.full]).map(|line| vec![line]),
        sub_department: first(&[&of.flats]),
        department: first(&[&of.house_name]),
        street_name: first(&[&of.street]),
        building_number: first(&[&of.house_number, &of.conscription_number]),
        post_code: first(&[&of.post_code]),
        town_name: first(&[&of.city, &of.place, &of.hamlet]),
        state: first(&[&of.state, &of.province]),
        district: first(&[&of.district, &of.subdistrict, &of.suburb]),
        country: first(&[&of.country]),
    }
}

/// What the bank is told for its fraud checks; the purpose may be told for the whole payment, the
/// payee's kind of account with the payee.
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
        delivery_address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide's table "OBIE information maps to its Token counterpart".
    #[test]
    fn an_address_has_the_parts_of_the_guide() {
        let some = |text: &str| Some(text.to_owned());
        let of = AddressInfo {
            flats: some("Flat 2"),
            house_name: some("The Red Lodge"),
            house_number: some("1"),
            street: some("High Street"),
            post_code: some("YO62 5JB"),
            city: some("York"),
            district: some("North Yorkshire"),
            country: some("GB"),
            full: some("Behind the oak"),
            ..AddressInfo::default()
        };
        let parts = address(&of);
        assert_eq!(parts.sub_department, of.flats);
        assert_eq!(parts.department, of.house_name);
        assert_eq!(parts.building_number, of.house_number);
        assert_eq!(parts.street_name, of.street);
        assert_eq!(parts.post_code, of.post_code);
        assert_eq!(parts.town_name, of.city);
        assert_eq!(parts.district, of.district);
        assert_eq!(parts.country, of.country);
        assert_eq!(parts.address_line, Some(vec!["Behind the oak".to_owned()]));
    }
}
