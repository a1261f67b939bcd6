//! Bodies of `POST /v2/payments`.

use serde_json::{Value, json};

pub const BANKS: [&str; 3] = ["mock-redirect", "ob-iron", "ob-modelo"];

/// A payment of £10.23 at `ob-modelo`, API_ONLY.
pub fn order() -> Value {
    json!({
        "initiation": {
            "bankId": "ob-modelo",
            "refId": "ORDER-1001",
            "remittanceInformationPrimary": "Sweepco",
            "amount": { "value": "10.23", "currency": "GBP" },
            "localInstrument": "FASTER_PAYMENTS",
            "creditor": {
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc."
            },
            "callbackUrl": "https://shop.example/return",
            "callbackState": "state-1",
            "flowType": "API_ONLY"
        },
        "pispConsentAccepted": true
    })
}

/// The same at `bank` for `pounds`.
pub fn order_of(bank: &str, pounds: &str) -> Value {
    with(&with(&order(), "initiation.bankId", bank), "initiation.amount.value", pounds)
}

/// Every field that an order at a UK bank may have.
pub fn full_order() -> Value {
    let address = json!({
        "addressLine": ["Flat 1", "Second line"], "streetName": "High Street",
        "buildingNumber": "221B", "postCode": "NW1 6XE", "townName": "London",
        "state": "Greater London", "district": "Marylebone", "country": "GB"
    });
    json!({
        "initiation": {
            "bankId": "ob-iron",
            "refId": "ORDER-1001 é 🙂",
            "remittanceInformationPrimary": "Sweepco 18 chars !",
            "remittanceInformationSecondary": "Thank you for your order",
            "onBehalfOfId": "c5a863bc-86f2-4418-a26f-25b24c7983c7",
            "amount": { "value": "10.5", "currency": "GBP" },
            "localInstrument": "FASTER_PAYMENTS",
            "debtor": {
                "sortCode": "800001", "accountNumber": "12345601", "name": "Dave Draper",
                "ultimateDebtorName": "Draper Ltd", "address": address
            },
            "creditor": {
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc.",
                "ultimateCreditorName": "Customer Group", "address": address,
                "bankName": "Modelo Bank"
            },
            "confirmFunds": true,
            "returnRefundAccount": true,
            "disableFutureDatedPaymentConversion": true,
            "callbackUrl": "https://shop.example/return?cart=7#top",
            "callbackState": "state & more",
            "chargeBearer": "SLEV",
            "risk": {
                "psuId": "payer-1", "paymentContextCode": "ECOMMERCE_MERCHANT_INITIATED_PAYMENT",
                "paymentPurposeCode": "CASH", "merchantCategoryCode": "4812",
                "beneficiaryAccountType": "BUSINESS", "contractPresentIndicator": true,
                "beneficiaryPrepopulatedIndicator": false,
                "deliveryAddress": {
                    "addressLine": ["Flat 1"], "streetName": "High Street",
                    "buildingNumber": "221B", "postCode": "NW1 6XE", "townName": "London",
                    "country": "GB"
                }
            },
            "flowType": "API_ONLY",
            "externalPsuReference": "customer-77"
        },
        "pispConsentAccepted": true
    })
}

/// The payer chooses the bank on the hosted pages.
pub fn hosted_order() -> Value {
    without(&with(&order(), "initiation.flowType", "FULL_HOSTED_PAGES"), "initiation.bankId")
}

/// `body` with another value at a dotted path; objects on the way are made.
pub fn with(body: &Value, path: &str, value: impl Into<Value>) -> Value {
    let mut changed = body.clone();
    let mut place = &mut changed;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value.into();
    changed
}

/// `body` without the field at a dotted path.
pub fn without(body: &Value, path: &str) -> Value {
    let mut changed = body.clone();
    let (holder, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut place = &mut changed;
    for part in holder.split('.').filter(|part| !part.is_empty()) {
        place = &mut place[part];
    }
    place.as_object_mut().unwrap().remove(name).unwrap();
    changed
}
