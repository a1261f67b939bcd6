//! The shape of the requests: which fields there are, which must be there, and their limits.
//!
//! Written by hand as tables, after OBIE 3.1.11 (Domestic Payment Consents, Domestic Payments: data
//! dictionaries). Fields that the standard does not have and nulls are refused, as strict banks do.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::problem::{MAXIMUM_PROBLEMS, Problem};

/// A field of an object.
pub(crate) struct Field {
    name: &'static str,
    required: bool,
    kind: Kind,
}

/// What a field holds.
enum Kind {
    /// Text of so many characters.
    Text(usize, usize),
    Word(&'static [&'static str]),
    Boolean,
    Amount,
    Currency,
    Country,
    DateTime,
    /// A list of at most so many texts of at most so many characters.
    Lines(usize, usize),
    Object(&'static [Field]),
    /// An object whose content the standard leaves open.
    Open,
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// `POST /domestic-payment-consents`.
pub(crate) const CONSENT_REQUEST: &[Field] = &[
    must(
        "Data",
        Kind::Object(&[
            may("ReadRefundAccount", Kind::Word(&["No", "Yes"])),
            must("Initiation", Kind::Object(INITIATION)),
            may(
                "Authorisation",
                Kind::Object(&[
                    must("AuthorisationType", Kind::Word(&["Any", "Single"])),
                    may("CompletionDateTime", Kind::DateTime),
                ]),
            ),
            may("SCASupportData", Kind::Object(SCA_SUPPORT_DATA)),
        ]),
    ),
    must("Risk", Kind::Object(RISK)),
];

/// `POST /domestic-payments`.
pub(crate) const ORDER_REQUEST: &[Field] = &[
    must(
        "Data",
        Kind::Object(&[
            must("ConsentId", Kind::Text(1, 128)),
            must("Initiation", Kind::Object(INITIATION)),
        ]),
    ),
    must("Risk", Kind::Object(RISK)),
];

const INITIATION: &[Field] = &[
    must("InstructionIdentification", Kind::Text(1, 35)),
    must("EndToEndIdentification", Kind::Text(1, 35)),
    may("LocalInstrument", Kind::Text(1, 50)),
    must(
        "InstructedAmount",
        Kind::Object(&[must("Amount", Kind::Amount), must("Currency", Kind::Currency)]),
    ),
    may(
        "DebtorAccount",
        Kind::Object(&[
            must("SchemeName", Kind::Text(1, 40)),
            must("Identification", Kind::Text(1, 256)),
            may("Name", Kind::Text(1, 350)),
            may("SecondaryIdentification", Kind::Text(1, 34)),
        ]),
    ),
    must(
        "CreditorAccount",
        Kind::Object(&[
            must("SchemeName", Kind::Text(1, 40)),
            must("Identification", Kind::Text(1, 256)),
            must("Name", Kind::Text(1, 350)),
            may("SecondaryIdentification", Kind::Text(1, 34)),
        ]),
    ),
    may("CreditorPostalAddress", Kind::Object(POSTAL_ADDRESS)),
    may(
        "RemittanceInformation",
        Kind::Object(&[
            may("Unstructured", Kind::Text(1, 140)),
            may("Reference", Kind::Text(1, 35)),
        ]),
    ),
    may("SupplementaryData", Kind::Open),
];

const POSTAL_ADDRESS: &[Field] = &[
    may(
        "AddressType",
        Kind::Word(&[
            "Business",
            "Correspondence",
            "DeliveryTo",
            "MailTo",
            "POBox",
            "Postal",
            "Residential",
            "Statement",
        ]),
    ),
    may("Department", Kind::Text(1, 70)),
    may("SubDepartment", Kind::Text(1, 70)),
    may("StreetName", Kind::Text(1, 70)),
    may("BuildingNumber", Kind::Text(1, 16)),
    may("PostCode", Kind::Text(1, 16)),
    may("TownName", Kind::Text(1, 35)),
    may("CountrySubDivision", Kind::Text(1, 35)),
    may("Country", Kind::Country),
    may("AddressLine", Kind::Lines(7, 70)),
];

const SCA_SUPPORT_DATA: &[Field] = &[
    may(
        "RequestedSCAExemptionType",
        Kind::Word(&[
            "BillPayment",
            "ContactlessTravel",
            "EcommerceGoods",
            "EcommerceServices",
            "Kiosk",
            "Parking",
            "PartyToParty",
        ]),
    ),
    may("AppliedAuthenticationApproach", Kind::Word(&["CA", "SCA"])),
    may("ReferencePaymentOrderId", Kind::Text(1, 40)),
];

const RISK: &[Field] = &[
    may(
        "PaymentContextCode",
        Kind::Word(&[
            "BillingGoodsAndServicesInAdvance",
            "BillingGoodsAndServicesInArrears",
            "PispPayee",
            "EcommerceMerchantInitiatedPayment",
            "FaceToFacePointOfSale",
            "TransferToSelf",
            "TransferToThirdParty",
            "BillPayment",
            "EcommerceGoods",
            "EcommerceServices",
            "Other",
            "PartyToParty",
        ]),
    ),
    may("MerchantCategoryCode", Kind::Text(3, 4)),
    may("MerchantCustomerIdentification", Kind::Text(1, 70)),
    // Spelt like this in the standard.
    may("ContractPresentInidicator", Kind::Boolean),
    may("BeneficiaryPrepopulatedIndicator", Kind::Boolean),
    may("PaymentPurposeCode", Kind::Text(3, 4)),
    may(
        "BeneficiaryAccountType",
        Kind::Word(&[
            "Business",
            "BusinessSavingsAccount",
            "Charity",
            "Collection",
            "Corporate",
            "Ewallet",
            "Government",
            "Investment",
            "ISA",
            "JointPersonal",
            "Pension",
            "Personal",
            "PersonalSavingsAccount",
            "Premier",
            "Wealth",
        ]),
    ),
    may(
        "DeliveryAddress",
        Kind::Object(&[
            may("AddressLine", Kind::Lines(2, 70)),
            may("StreetName", Kind::Text(1, 70)),
            may("BuildingNumber", Kind::Text(1, 16)),
            may("PostCode", Kind::Text(1, 16)),
            must("TownName", Kind::Text(1, 35)),
            may("CountrySubDivision", Kind::Text(1, 35)),
            must("Country", Kind::Country),
        ]),
    ),
];

/// Everything that is wrong with the shape of a request body, the first problems only.
pub(crate) fn check(fields: &[Field], body: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    match body {
        Value::Object(map) => check_object(fields, map, "", &mut problems),
        _ => problems.push(Problem::new("Resource.InvalidFormat", "the body is not an object")),
    }
    problems.truncate(MAXIMUM_PROBLEMS);
    problems
}

fn check_object(
    fields: &[Field],
    map: &Map<String, Value>,
    prefix: &str,
    problems: &mut Vec<Problem>,
) {
    let path_of = |name: &str| {
        if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
    };
    for field in fields {
        let path = path_of(field.name);
        match map.get(field.name) {
            Some(value) => check_value(&field.kind, value, &path, problems),
            None if field.required => {
                problems.push(Problem::at("Field.Missing", &path, "the field is missing"));
            }
            None => {}
        }
    }
    for name in map.keys().filter(|name| fields.iter().all(|field| field.name != name.as_str())) {
        let path = path_of(name);
        problems.push(Problem::at("Field.Unexpected", &path, "the standard has no such field"));
    }
}

fn check_value(kind: &Kind, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    let text = value.as_str();
    let length = text.map_or(0, |text| text.chars().count());
    let expectation = match kind {
        Kind::Object(fields) => match value {
            Value::Object(map) => return check_object(fields, map, path, problems),
            _ => "must be an object".to_owned(),
        },
        Kind::Open if value.is_object() => return,
        Kind::Open => "must be an object".to_owned(),
        Kind::Text(minimum, maximum)
            if text.is_some() && (minimum..=maximum).contains(&&length) =>
        {
            return;
        }
        Kind::Text(minimum, maximum) => {
            format!("must be text of {minimum} to {maximum} characters")
        }
        Kind::Word(words) if text.is_some_and(|text| words.contains(&text)) => return,
        Kind::Word(_) => "must be one of the words of the standard".to_owned(),
        Kind::Boolean if value.is_boolean() => return,
        Kind::Boolean => "must be true or false".to_owned(),
        Kind::Amount if text.is_some_and(is_amount) => return,
        Kind::Amount => "must have 1 to 13 digits and up to 5 decimals".to_owned(),
        Kind::Currency if text.is_some_and(|text| is_capitals(text, 3)) => return,
        Kind::Currency => "must be three capital letters".to_owned(),
        Kind::Country if text.is_some_and(|text| is_capitals(text, 2)) => return,
        Kind::Country => "must be two capital letters".to_owned(),
        Kind::DateTime if text.is_some_and(|text| text.parse::<Timestamp>().is_ok()) => return,
        Kind::DateTime => {
            let what = "must be an ISO 8601 date and time with an offset";
            problems.push(Problem::at("Field.InvalidDate", path, what));
            return;
        }
        Kind::Lines(count, width) if is_lines(value, *count, *width) => return,
        Kind::Lines(count, width) => {
            format!("must be at most {count} texts of 1 to {width} characters")
        }
    };
    problems.push(Problem::at("Field.Invalid", path, expectation));
}

fn is_amount(text: &str) -> bool {
    let digits = |part: &str, maximum: usize| {
        (1..=maximum).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole, 13) && digits(fraction, 5),
        None => digits(text, 13),
    }
}

fn is_capitals(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_lines(value: &Value, maximum_count: usize, maximum_width: usize) -> bool {
    let fits = |line: &Value| {
        line.as_str().is_some_and(|text| (1..=maximum_width).contains(&text.chars().count()))
    };
    value.as_array().is_some_and(|lines| lines.len() <= maximum_count && lines.iter().all(fits))
}

/// An amount in pence; `None` when it is not a whole, positive number of pence.
pub(crate) fn pence(amount: &str) -> Option<i64> {
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let (cents, rest) = fraction.split_at(fraction.len().min(2));
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let cents: i64 = format!("{cents:0<2}").parse().ok()?;
    let pence = whole.checked_mul(100)?.checked_add(cents)?;
    (pence > 0).then_some(pence)
}

/// What the shape cannot say: what these banks support. Call after [`check`] found nothing.
pub(crate) fn check_meaning(initiation: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let amount = &initiation["InstructedAmount"];
    if amount["Currency"] != "GBP" {
        let path = "Data.Initiation.InstructedAmount.Currency";
        problems.push(Problem::at("Unsupported.Currency", path, "only GBP is supported"));
    } else if amount["Amount"].as_str().and_then(pence).is_none() {
        let path = "Data.Initiation.InstructedAmount.Amount";
        let what = "must be a whole number of pence above zero";
        problems.push(Problem::at("Field.Invalid", path, what));
    }
    let instrument = initiation["LocalInstrument"].as_str();
    if !matches!(instrument, None | Some("UK.OBIE.FPS" | "UK.OBIE.BACS" | "UK.OBIE.CHAPS")) {
        let path = "Data.Initiation.LocalInstrument";
        problems.push(Problem::at("Unsupported.LocalInstrument", path, "it is not supported"));
    }
    for name in ["DebtorAccount", "CreditorAccount"] {
        check_account(&initiation[name], &format!("Data.Initiation.{name}"), &mut problems);
    }
    problems
}

fn check_account(account: &Value, path: &str, problems: &mut Vec<Problem>) {
    let Some(scheme) = account["SchemeName"].as_str() else { return };
    let identification = account["Identification"].as_str().unwrap_or_default();
    let is = |length: std::ops::RangeInclusive<usize>, test: fn(&u8) -> bool| {
        length.contains(&identification.len()) && identification.as_bytes().iter().all(test)
    };
    let good = match scheme {
        "UK.OBIE.SortCodeAccountNumber" => is(14..=14, u8::is_ascii_digit),
        "UK.OBIE.IBAN" => is(15..=34, u8::is_ascii_alphanumeric),
        _ => {
            let what = "only sort code and account number, and IBAN, are supported";
            problems.push(Problem::at("Unsupported.AccountIdentifier", path, what));
            return;
        }
    };
    if !good {
        let path = format!("{path}.Identification");
        let what = format!("is not of the form that {scheme} has");
        problems.push(Problem::at("Field.Invalid", &path, what));
    }
}
