//! `Risk`: data for the bank's fraud checks (OBIE 3.1.11 and 4.0, `OBRisk1`).
//!
//! Field names are those of the published schema, which writes `ContractPresentInidicator` in 3.1;
//! the prose spells it differently, but banks check requests against the schema. 4.0 has the
//! spelling right and one context code less.

use domain::account::Address;
use domain::field::{AddressField, Field, RiskField};
use domain::initiation::Risk as AskedRisk;
use serde::Serialize;

use crate::misfit::{Misfit, MisfitKind, missing, not_taken, within};
use crate::profile::{
    ContractIndicator, PaymentContextCode, UkOpenBanking as Settings, UkOpenBankingVersion,
};

/// The API's `paymentContextCode` and the standard's.
const CONTEXT_CODES: [(&str, &str); 6] = [
    ("BILLING_GOODS_AND_SERVICES_IN_ADVANCE", "BillingGoodsAndServicesInAdvance"),
    ("BILLING_GOODS_AND_SERVICES_IN_ARREARS", "BillingGoodsAndServicesInArrears"),
    ("ECOMMERCE_MERCHANT_INITIATED_PAYMENT", "EcommerceMerchantInitiatedPayment"),
    ("FACE_TO_FACE_POINT_OF_SALE", "FaceToFacePointOfSale"),
    ("TRANSFER_TO_SELF", "TransferToSelf"),
    ("TRANSFER_TO_THIRD_PARTY", "TransferToThirdParty"),
];

/// The context code that only 3.1 has.
const PISP_PAYEE: (&str, &str) = ("PISP_PAYEE", "PispPayee");

/// The API's `beneficiaryAccountType` and the standard's `OBExternalExtendedAccountType1Code`.
const ACCOUNT_TYPES: [(&str, &str); 15] = [
    ("PERSONAL", "Personal"),
    ("JOINT_PERSONAL", "JointPersonal"),
    ("PERSONAL_SAVINGS_ACCOUNT", "PersonalSavingsAccount"),
    ("BUSINESS", "Business"),
    ("BUSINESS_SAVINGS_ACCOUNT", "BusinessSavingsAccount"),
    ("CHARITY", "Charity"),
    ("COLLECTION", "Collection"),
    ("CORPORATE", "Corporate"),
    ("GOVERNMENT", "Government"),
    ("EWALLET", "Ewallet"),
    ("INVESTMENT", "Investment"),
    ("ISA", "ISA"),
    ("PREMIER", "Premier"),
    ("WEALTH", "Wealth"),
    ("PENSION", "Pension"),
];

/// The API's word for "not set".
const CONTEXT_CODE_UNSET: &str = "INVALID_PAYMENT_CONTEXT_CODE";

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Risk<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_context_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_category_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_customer_identification: Option<&'a str>,
    #[serde(rename = "ContractPresentInidicator", skip_serializing_if = "Option::is_none")]
    contract_present_misspelt: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_present_indicator: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beneficiary_prepopulated_indicator: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_purpose_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beneficiary_account_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_address: Option<DeliveryAddress<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeliveryAddress<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    address_line: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    street_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    building_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_code: Option<&'a str>,
    town_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_sub_division: Option<&'a str>,
    country: &'a str,
}

/// The member's words in the standard's. Where the member gave none: `{}`, or the context code that the
/// bank must have.
pub(super) fn risk<'a>(bank: &Settings, asked: Option<&'a AskedRisk>) -> Result<Risk<'a>, Misfit> {
    let Some(asked) = asked else {
        let payment_context_code = context_code(bank, None)?;
        return Ok(Risk { payment_context_code, ..Risk::default() });
    };
    let is_3_1 = bank.version == UkOpenBankingVersion::V3_1_11;
    let contract = asked.contract_present_indicator;
    let usual = if is_3_1 { ContractIndicator::Misspelt } else { ContractIndicator::Spelt };
    let spelling = bank.contract_indicator.unwrap_or(usual);
    let context = asked.payment_context_code.as_deref().filter(|code| *code != CONTEXT_CODE_UNSET);
    let payment_context_code = match context {
        Some(code) if is_3_1 && code == PISP_PAYEE.0 => Some(PISP_PAYEE.1),
        other => translated(Field::Risk(RiskField::ContextCode), other, &CONTEXT_CODES)?,
    };
    Ok(Risk {
        payment_context_code: context_code(bank, payment_context_code)?,
        merchant_category_code: code(
            Field::Risk(RiskField::CategoryCode),
            &asked.merchant_category_code,
        )?,
        merchant_customer_identification: optional(
            Field::Risk(RiskField::PayerId),
            &asked.psu_id,
            70,
        )?,
        contract_present_misspelt: contract.filter(|_| spelling == ContractIndicator::Misspelt),
        contract_present_indicator: contract.filter(|_| spelling == ContractIndicator::Spelt),
        beneficiary_prepopulated_indicator: asked.beneficiary_prepopulated_indicator,
        payment_purpose_code: code(
            Field::Risk(RiskField::PurposeCode),
            &asked.payment_purpose_code,
        )?,
        beneficiary_account_type: translated(
            Field::Risk(RiskField::AccountType),
            asked.beneficiary_account_type.as_deref(),
            &ACCOUNT_TYPES,
        )?,
        delivery_address: asked.delivery_address.as_ref().map(delivery_address).transpose()?,
    })
}

/// The member's code, if the bank takes it; the bank's default where the member gave none.
fn context_code(
    bank: &Settings,
    code: Option<&'static str>,
) -> Result<Option<&'static str>, Misfit> {
    let taken: Vec<&str> = bank.payment_context_codes.iter().map(|code| code.word()).collect();
    let first = bank.payment_context_codes.first().copied();
    match code {
        None => Ok(bank.default_payment_context_code.or(first).map(PaymentContextCode::word)),
        Some(code) if taken.is_empty() || taken.contains(&code) => Ok(Some(code)),
        Some(_) => {
            let what =
                format!("the payment context code should be absent, or {}", taken.join(", "));
            Err(not_taken(Field::Risk(RiskField::ContextCode), what))
        }
    }
}

fn delivery_address(address: &Address) -> Result<DeliveryAddress<'_>, Misfit> {
    let town =
        address.town_name.as_deref().ok_or_else(|| missing(Field::Delivery(AddressField::Town)))?;
    let country = address
        .country
        .as_deref()
        .ok_or_else(|| missing(Field::Delivery(AddressField::Country)))?;
    if address.address_line.len() > 2 {
        let text = "the delivery address has more than 2 free lines".to_owned();
        let field = Some(Field::Delivery(AddressField::Lines));
        return Err(Misfit { kind: MisfitKind::TooLong, field, text });
    }
    for line in &address.address_line {
        within(Field::Delivery(AddressField::Lines), line, 70)?;
    }
    let region = match address.country_sub_division.as_slice() {
        [] => address.state.as_deref(),
        [region] => Some(region.as_str()),
        [_, _, ..] => return Err(invalid(Field::Delivery(AddressField::Region))),
    };
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(invalid(Field::Delivery(AddressField::Country)));
    }
    Ok(DeliveryAddress {
        address_line: &address.address_line,
        street_name: optional(Field::Delivery(AddressField::Street), &address.street_name, 70)?,
        building_number: optional(
            Field::Delivery(AddressField::Building),
            &address.building_number,
            16,
        )?,
        post_code: optional(Field::Delivery(AddressField::PostCode), &address.post_code, 16)?,
        town_name: within(Field::Delivery(AddressField::Town), town, 35)?,
        country_sub_division: region
            .map(|text| within(Field::Delivery(AddressField::Region), text, 35))
            .transpose()?,
        country,
    })
}

fn optional(part: Field, value: &Option<String>, most: usize) -> Result<Option<&str>, Misfit> {
    value.as_deref().map(|text| within(part, text, most)).transpose()
}

/// A code of three or four characters.
fn code(part: Field, value: &Option<String>) -> Result<Option<&str>, Misfit> {
    match value.as_deref() {
        Some(text) if !matches!(text.chars().count(), 3 | 4) => Err(invalid(part)),
        other => Ok(other),
    }
}

fn translated(
    part: Field,
    word: Option<&str>,
    table: &[(&str, &'static str)],
) -> Result<Option<&'static str>, Misfit> {
    let Some(word) = word else { return Ok(None) };
    match table.iter().find(|(ours, _)| *ours == word) {
        Some((_, theirs)) => Ok(Some(theirs)),
        None => Err(invalid(part)),
    }
}

fn invalid(part: Field) -> Misfit {
    not_taken(part, format!("the {} is not one the bank takes", part))
}
