//! Where the fields of an order are in `POST /v2/payments`.

use domain::field::{AddressField, Field, RiskField};

use crate::api::parts::places::Places;
use crate::api::parts::{address, party};

/// The table.
pub(super) struct Payment;

impl Places for Payment {
    fn path(&self, field: Field) -> String {
        let below = |name: &str| format!("initiation.{name}");
        match field {
            Field::BankId => below("bankId"),
            Field::RefId => below("refId"),
            Field::Reference => below("remittanceInformationPrimary"),
            Field::SecondaryText | Field::BothTexts => below("remittanceInformationSecondary"),
            Field::OnBehalfOf => below("onBehalfOfId"),
            Field::Amount => below("amount.value"),
            Field::Currency => below("amount.currency"),
            Field::Rail => below("localInstrument"),
            Field::ExecutionDate => below("executionDate"),
            Field::CallbackUrl => below("callbackUrl"),
            Field::CallbackState => below("callbackState"),
            Field::PayerReference => below("externalPsuReference"),
            Field::Credentials => "initialEmbeddedAuth".to_owned(),
            Field::Debtor(part) => below_party("debtor", &party::place(part, "ultimateDebtorName")),
            Field::Creditor(part) => {
                below_party("creditor", &party::place(part, "ultimateCreditorName"))
            }
            Field::Risk(part) => below(&format!("risk.{}", risk(part))),
            Field::Delivery(part) => below(&delivery(part)),
            // Without a field of their own here.
            Field::Order
            | Field::EndToEndId
            | Field::OwnId
            | Field::DestinationsUrl
            | Field::CredentialFlow => "initiation".to_owned(),
        }
    }

    fn payer_chooses_bank(&self) -> &'static str {
        "FULL_HOSTED_PAGES without `bankId`"
    }
}

fn below_party(party: &str, place: &str) -> String {
    match place {
        "" => format!("initiation.{party}"),
        place => format!("initiation.{party}.{place}"),
    }
}

fn risk(part: RiskField) -> &'static str {
    match part {
        RiskField::PayerId => "psuId",
        RiskField::ContextCode => "paymentContextCode",
        RiskField::PurposeCode => "paymentPurposeCode",
        RiskField::CategoryCode => "merchantCategoryCode",
        RiskField::AccountType => "beneficiaryAccountType",
    }
}

fn delivery(part: AddressField) -> String {
    format!("risk.deliveryAddress.{}", address::name(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::parts::places::tests::unpublished;

    #[test]
    fn each_place_is_one_of_the_published_request() {
        // No payment of this version has them.
        let of_others = [
            "Debtor(BankName)",
            "Debtor(Verification)",
            "Creditor(AccountOnFile)",
            "AddressPart(Kind)",
            "AddressPart(Department)",
            "AddressPart(SubDepartment)",
            "AddressPart(Region)",
        ];
        let mut missing = unpublished(&Payment, &["CreatePayment"]);
        missing.retain(|place| !of_others.iter().any(|field| place.contains(field)));
        assert_eq!(missing, Vec::<String>::new());
    }
}
