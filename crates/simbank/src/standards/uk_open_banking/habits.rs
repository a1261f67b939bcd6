//! How single banks leave the standard in consents and orders.

use serde_json::{Value, json};

use super::banks::{ContractIndicator, UkOpenBanking};
use super::problem::Problem;
use crate::engine::order::{Order, Status};

const SCHEMA_3_1: &str = "ContractPresentInidicator";
const ENGLISH: &str = "ContractPresentIndicator";

/// The body as a bank without habits would want it, for the check against the standard's tables.
pub(super) fn usual(own: &UkOpenBanking, body: &Value) -> Result<Value, Problem> {
    let mut body = body.clone();
    let unexpected = |name: &str| {
        Problem::at("Field.Unexpected", &format!("Risk.{name}"), "this bank does not take it")
    };
    if own.refuses_refund_question && body["Data"]["ReadRefundAccount"] == "Yes" {
        let what = "this bank gives no account for refunds";
        return Err(Problem::at("Field.Unexpected", "Data.ReadRefundAccount", what));
    }
    let Some(risk) = body.get_mut("Risk").and_then(Value::as_object_mut) else {
        return Ok(body);
    };
    match own.contract_indicator {
        ContractIndicator::Schema => {}
        ContractIndicator::Never => {
            if let Some(name) = [SCHEMA_3_1, ENGLISH].iter().find(|name| risk.contains_key(**name))
            {
                return Err(unexpected(name));
            }
        }
        ContractIndicator::Spelt => {
            if risk.contains_key(SCHEMA_3_1) {
                return Err(unexpected(SCHEMA_3_1));
            }
            if let Some(value) = risk.remove(ENGLISH) {
                risk.insert(SCHEMA_3_1.to_owned(), value);
            }
        }
    }
    if !own.context_codes.is_empty() {
        let code = risk.remove("PaymentContextCode");
        let code = code.as_ref().and_then(Value::as_str).unwrap_or_default();
        if !own.context_codes.contains(&code) {
            let what = "the code is missing, or not one of this bank";
            return Err(Problem::at("Field.Invalid", "Risk.PaymentContextCode", what));
        }
    }
    Ok(body)
}

/// The status of an order: the bank's own word while it waits.
pub(super) fn status<'a>(own: &UkOpenBanking, order: &Order, usual: &'a str) -> &'a str {
    let waits = matches!(order.status, Status::Received | Status::Accepted);
    own.waiting_status.filter(|_| waits).unwrap_or(usual)
}

/// The initiation of an answer.
pub(super) fn initiation(own: &UkOpenBanking, order: &Order, reason: Option<&str>) -> Value {
    let mut initiation = order.body["Data"]["Initiation"].clone();
    if own.amounts_are_numbers {
        for name in ["InstructedAmount", "FirstPaymentAmount"] {
            let amount = initiation.get_mut(name).and_then(|money| money.get_mut("Amount"));
            if let Some(amount) = amount {
                let number = amount.as_str().and_then(|text| serde_json::from_str(text).ok());
                *amount = number.unwrap_or_default();
            }
        }
    }
    if let Some(reason) = reason.filter(|_| own.reasons_in_supplementary_data) {
        initiation["SupplementaryData"] = json!({ "RejectionReason": reason });
    }
    initiation
}
