//! The published words for a bank's fraud checks (reference, sections 2.6 and 3.2).

use domain::field::{AddressField, Fault, Field, FieldError, RiskField};
use domain::initiation::Risk;
use domain::text::within;

const CONTEXT_CODES: [&str; 8] = [
    "INVALID_PAYMENT_CONTEXT_CODE",
    "BILLING_GOODS_AND_SERVICES_IN_ADVANCE",
    "BILLING_GOODS_AND_SERVICES_IN_ARREARS",
    "PISP_PAYEE",
    "ECOMMERCE_MERCHANT_INITIATED_PAYMENT",
    "FACE_TO_FACE_POINT_OF_SALE",
    "TRANSFER_TO_SELF",
    "TRANSFER_TO_THIRD_PARTY",
];
const PURPOSE_CODES: [&str; 6] = ["CASH", "CORT", "DVPM", "INTC", "TREA", "SUPP"];
const ACCOUNT_TYPES: [&str; 15] = [
    "PERSONAL",
    "JOINT_PERSONAL",
    "PERSONAL_SAVINGS_ACCOUNT",
    "BUSINESS",
    "BUSINESS_SAVINGS_ACCOUNT",
    "CHARITY",
    "COLLECTION",
    "CORPORATE",
    "GOVERNMENT",
    "EWALLET",
    "INVESTMENT",
    "ISA",
    "PREMIER",
    "WEALTH",
    "PENSION",
];
const ADDRESS_TYPES: [&str; 9] = [
    "INVALID_ADDRESS_TYPE",
    "BUSINESS",
    "CORRESPONDENCE",
    "DELIVERYTO",
    "MAILTO",
    "POBOX",
    "POSTAL",
    "RESIDENTIAL",
    "STATEMENT",
];
/// The longest id of a payer, in characters.
const PAYER_ID_CHARACTERS_MAX: usize = 70;

/// Whether every word is one of the published ones, and texts have bounds.
///
/// # Errors
/// The first field that is wrong.
pub(crate) fn check(risk: &Risk) -> Result<(), FieldError> {
    known(RiskField::ContextCode, &risk.payment_context_code, &CONTEXT_CODES)?;
    known(RiskField::PurposeCode, &risk.payment_purpose_code, &PURPOSE_CODES)?;
    known(RiskField::AccountType, &risk.beneficiary_account_type, &ACCOUNT_TYPES)?;
    let payer_id = risk.psu_id.as_deref().unwrap_or_default();
    within(payer_id, 0, PAYER_ID_CHARACTERS_MAX)
        .map_err(|fault| FieldError::new(Field::Risk(RiskField::PayerId), fault))?;
    let category = risk.merchant_category_code.as_deref();
    if category.is_some_and(|code| code.len() != 4 || !code.bytes().all(|b| b.is_ascii_digit())) {
        return Err(FieldError::new(Field::Risk(RiskField::CategoryCode), Fault::NotACategory));
    }
    let Some(address) = &risk.delivery_address else { return Ok(()) };
    if !is_one_of(&address.address_type, &ADDRESS_TYPES) {
        let fault = Fault::NotOneOf(&ADDRESS_TYPES);
        return Err(FieldError::new(Field::Delivery(AddressField::Kind), fault));
    }
    address.check().map_err(|(part, fault)| FieldError::new(Field::Delivery(part), fault))
}

fn known(
    field: RiskField,
    word: &Option<String>,
    words: &'static [&'static str],
) -> Result<(), FieldError> {
    match is_one_of(word, words) {
        true => Ok(()),
        false => Err(FieldError::new(Field::Risk(field), Fault::NotOneOf(words))),
    }
}

fn is_one_of(word: &Option<String>, words: &[&str]) -> bool {
    word.as_deref().is_none_or(|word| words.contains(&word))
}
