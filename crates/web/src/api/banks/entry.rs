//! One bank as the published API shows it, v1 and v2.

use banks::profile::{
    BankProfile, CredentialField, Downtime, FieldFormat, MandatoryField, RestrictedText, ScaMethod,
    Standard,
};
use serde_json::{Map, Value, json};

use super::flags::FLAGS;
use super::logos;
use crate::api::parts::words::LocalInstrument;

/// The adapter behind every bank.
pub(super) const PROVIDER: &str = "Bascule";
/// "No limit" (section 1.5).
const NO_LIMIT: i32 = -1;
const ALWAYS: &str = "MON to SUN, 00:00 to 24:00 GMT";

/// The published word for the bank's standard (section 1.8).
pub(super) fn standard(bank: &BankProfile) -> &'static str {
    match bank.standard {
        Standard::UkOpenBanking(_) => "UK_Open_Banking_Standard",
        Standard::NextGenPsd2(_) => "NextGenPsd2",
        Standard::Stet(_) => "STET_PSD2_API",
        Standard::PolishApi(_) => "PolishApi",
    }
}

/// The published words for the ways to approve (section 1.9).
pub(super) fn sca_methods(bank: &BankProfile) -> Vec<&'static str> {
    let word = |method: &ScaMethod| match method {
        ScaMethod::Redirect => "REDIRECT",
        ScaMethod::MultiRedirect => "MULTI_REDIRECT",
        ScaMethod::Decoupled => "DECOUPLED",
        ScaMethod::EmbeddedSingleStep => "EMBEDDED_SINGLE_STEP",
        ScaMethod::EmbeddedMultiStep => "EMBEDDED_MULTI_STEP",
    };
    bank.sca_methods.iter().map(word).collect()
}

/// The rails in the published words.
pub(super) fn rails(bank: &BankProfile) -> Vec<String> {
    let word = |rail: &domain::rail::Rail| {
        serde_json::to_value(LocalInstrument::from(*rail)).ok()?.as_str().map(str::to_owned)
    };
    bank.rails.iter().filter_map(word).collect()
}

/// `BankV1` (section 1.5).
pub(super) fn v1(bank: &BankProfile, public_url: &str) -> Value {
    let mut entry = common(bank, public_url);
    put(&mut entry, "provider", json!(PROVIDER));
    put_some(&mut entry, "identifier", bank.bank_code.as_ref());
    let full_logo = bank.full_logo.as_ref();
    put_some(&mut entry, "fullLogoUri", logos::address(bank, full_logo, public_url).as_ref());
    put(&mut entry, "supportedTransferDestinationTypes", json!(rails(bank)));
    if !bank.credential_fields.is_empty() {
        let fields: Vec<Value> = bank.credential_fields.iter().map(credential_v1).collect();
        put(&mut entry, "credentialFields", json!({ "fields": fields }));
    }
    let formats: Vec<Value> = bank
        .field_formats
        .iter()
        .map(|format| {
            let (name, path) = v1_path(format.field);
            json!({ "name": name, "path": path, "constraint": format.constraint })
        })
        .collect();
    put(&mut entry, "fieldsFormatInformation", json!(formats));
    if let Some(mandatory) = mandatory_v1(bank) {
        put(&mut entry, "mandatoryFields", mandatory);
    }
    for flag in FLAGS.iter().filter(|flag| flag.in_v1) {
        put(&mut entry, flag.camel, json!((flag.of)(bank)));
    }
    Value::Object(entry)
}

/// `BankV2` (section 1.7).
pub(super) fn v2(bank: &BankProfile, public_url: &str) -> Value {
    let mut entry = common(bank, public_url);
    put_some(&mut entry, "bankSubGroup", bank.bank_sub_group.as_ref());
    put(&mut entry, "supportedLocalInstruments", json!(rails(bank)));
    let fields: Vec<Value> = bank.credential_fields.iter().map(required_v2).collect();
    // The schema has one object; a bank that needs several values cannot be described by it.
    match fields.as_slice() {
        [] => {}
        [one] => put(&mut entry, "initialEmbeddedAuthFields", one.clone()),
        several => put(&mut entry, "initialEmbeddedAuthFields", json!(several)),
    }
    let formats: Vec<Value> = bank.field_formats.iter().map(format_v2).collect();
    put(&mut entry, "fieldsFormatInformation", json!(formats));
    put(&mut entry, "mandatoryFields", mandatory_v2(bank));
    for flag in FLAGS.iter().filter(|flag| flag.in_v2) {
        put(&mut entry, flag.camel, json!((flag.of)(bank)));
    }
    Value::Object(entry)
}

fn common(bank: &BankProfile, public_url: &str) -> Map<String, Value> {
    let mut entry = Map::new();
    put(&mut entry, "id", json!(bank.id));
    put(&mut entry, "name", json!(bank.name));
    put(&mut entry, "bic", json!(bank.bic));
    put(&mut entry, "countries", json!(bank.countries));
    put_some(&mut entry, "bankGroup", bank.bank_group.as_ref());
    put_some(&mut entry, "logoUri", logos::address(bank, bank.logo.as_ref(), public_url).as_ref());
    put(&mut entry, "openBankingStandard", json!(standard(bank)));
    put(&mut entry, "scaMethods", json!(sca_methods(bank)));
    let hours = bank.opening_hours.as_ref();
    let hours = hours.map_or_else(|| ALWAYS.to_owned(), banks::profile::OpeningHours::text);
    put(&mut entry, "operationalTime", json!(hours));
    put(&mut entry, "maintenanceWindow", json!(maintenance(bank)));
    put(&mut entry, "transactionHistoryLimit", json!(NO_LIMIT));
    entry
}

fn put(entry: &mut Map<String, Value>, name: &str, value: Value) {
    entry.insert(name.to_owned(), value);
}

fn put_some(entry: &mut Map<String, Value>, name: &str, text: Option<&String>) {
    if let Some(text) = text {
        put(entry, name, json!(text));
    }
}

fn maintenance(bank: &BankProfile) -> Vec<Value> {
    let moment = |at: jiff::Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    bank.maintenance_windows
        .iter()
        .map(|window| {
            let kind = match window.downtime {
                Downtime::NoDowntimeExpected => "NO_DOWNTIME_EXPECTED",
                Downtime::DowntimeExpected => "DOWNTIME_EXPECTED",
                Downtime::Outage => "OUTAGE",
            };
            json!({
                "startTime": moment(window.start),
                "endTime": moment(window.end),
                "type": kind,
                "productType": "SIP",
            })
        })
        .collect()
}

fn credential_v1(field: &CredentialField) -> Value {
    let kind = if field.secret { "PASSWORD" } else { "FIELD" };
    json!({
        "id": field.id,
        "displayName": field.display_name,
        "description": field.additional_information.clone().unwrap_or_default(),
        "type": kind,
    })
}

fn required_v2(field: &CredentialField) -> Value {
    let kind = if field.secret { "PASSWORD" } else { "FIELD" };
    let mut required = Map::new();
    put(&mut required, "id", json!(field.id));
    put(&mut required, "displayName", json!(field.display_name));
    put(&mut required, "type", json!(kind));
    put_some(&mut required, "additionalInformation", field.additional_information.as_ref());
    Value::Object(required)
}

fn v1_path(field: RestrictedText) -> (&'static str, &'static str) {
    match field {
        RestrictedText::RemittancePrimary => {
            ("remittanceReference", "transfer_body.remittance_reference")
        }
        RestrictedText::RemittanceSecondary => ("description", "description"),
        RestrictedText::CreditorName => (
            "legalNames",
            "transfer_body.instructions.transfer_destinations.customer_data.legal_names",
        ),
    }
}

fn format_v2(format: &FieldFormat) -> Value {
    let (name, path) = match format.field {
        RestrictedText::RemittancePrimary => {
            ("remittanceInformationPrimary", "initiation.remittanceInformationPrimary")
        }
        RestrictedText::RemittanceSecondary => {
            ("remittanceInformationSecondary", "initiation.remittanceInformationSecondary")
        }
        RestrictedText::CreditorName => ("name", "initiation.creditor.name"),
    };
    json!({ "v2Name": name, "v2Path": path, "constraint": format.constraint })
}

/// Paths of v1 are in snake case, as published (section 1.11).
fn mandatory_v1(bank: &BankProfile) -> Option<Value> {
    if bank.mandatory_fields.is_empty() {
        return None;
    }
    let of_body = |body: &str| {
        let fields: Vec<String> = bank
            .mandatory_fields
            .iter()
            .map(|field| {
                let tail = match field {
                    MandatoryField::DebtorAccount => "source.account_identifier",
                    MandatoryField::DebtorBic => "source.bic",
                    MandatoryField::DebtorName => "source.customer_data.legal_names",
                    MandatoryField::CreditorAddress => {
                        "transfer_destinations.customer_data.address"
                    }
                    MandatoryField::CreditorBic => "transfer_destinations.sepa.bic",
                };
                format!("{body}.instructions.{tail}")
            })
            .collect();
        json!({ "domestic": { "fields": fields }, "international": { "fields": fields } })
    };
    Some(json!({
        "transfer": of_body("transfer_body"),
        "standingOrder": of_body("standing_order_body"),
    }))
}

fn mandatory_v2(bank: &BankProfile) -> Value {
    let paths: Vec<&str> = bank
        .mandatory_fields
        .iter()
        .map(|field| match field {
            MandatoryField::DebtorAccount => "initiation.debtor",
            MandatoryField::DebtorBic => "initiation.debtor.bic",
            MandatoryField::DebtorName => "initiation.debtor.name",
            MandatoryField::CreditorAddress => "initiation.creditor.address",
            MandatoryField::CreditorBic => "initiation.creditor.bic",
        })
        .collect();
    if paths.is_empty() {
        return json!([]);
    }
    json!([{
        "products": ["SIP"],
        "fieldPaths": paths,
        "paymentTypes": ["Domestic", "International"],
        "localInstruments": rails(bank),
    }])
}
