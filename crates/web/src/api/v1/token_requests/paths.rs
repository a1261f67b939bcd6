//! Where the fields of an order are in a token request.

use domain::field::{AccountField, AddressField, Field, PartyField, RiskField};

use super::address;
use super::body::Body;
use super::destination::rail_of;
use super::instructions::{AddressInfo, CustomerData};
use super::model::StoreTokenRequest;
use super::source::form_of;
use crate::api::parts::account;
use crate::api::parts::address as delivery;
use crate::api::parts::places::Places;

/// The table of one token request and one of its destinations.
#[derive(Clone, Copy)]
pub(super) struct TokenRequest<'a> {
    asked: &'a StoreTokenRequest,
    body: Option<Body<'a>>,
    destination: usize,
    destinations_alone: bool,
}

impl<'a> TokenRequest<'a> {
    /// The table for the first destination.
    pub(super) fn of(asked: &'a StoreTokenRequest) -> TokenRequest<'a> {
        let body = Body::of(&asked.request_payload);
        TokenRequest { asked, body, destination: 0, destinations_alone: false }
    }

    /// The same for the destination of that index.
    pub(super) fn for_destination(self, destination: usize) -> TokenRequest<'a> {
        TokenRequest { destination, ..self }
    }

    /// The same where the list of destinations came on its own.
    pub(super) fn with_destinations_alone(self) -> TokenRequest<'a> {
        TokenRequest { destinations_alone: true, ..self }
    }

    /// The token request.
    pub(super) fn asked(self) -> &'a StoreTokenRequest {
        self.asked
    }

    /// The order for the payer to approve, if there is one.
    pub(super) fn body(self) -> Option<Body<'a>> {
        self.body
    }

    /// The destination that the table is for.
    pub(super) fn index(self) -> usize {
        self.destination
    }

    fn in_body(self, name: &str) -> String {
        let body = self.body.map_or(Body::TRANSFER, Body::path);
        format!("{body}.{name}")
    }

    /// A place below the instructions.
    pub(super) fn in_instructions(self, name: &str) -> String {
        match self.destinations_alone {
            true => name.to_owned(),
            false => self.in_body(&format!("instructions.{name}")),
        }
    }

    /// The list of destinations.
    pub(super) fn destinations(self) -> String {
        self.in_instructions("transferDestinations")
    }

    /// A place below the destination.
    pub(super) fn in_destination(self, name: &str) -> String {
        format!("{}[{}].{name}", self.destinations(), self.destination)
    }

    fn in_uk_metadata(self, name: &str) -> String {
        self.in_provider_metadata(&format!("cma9TransferMetadata.{name}"))
    }

    /// A place below the metadata for one standard.
    pub(super) fn in_provider_metadata(self, name: &str) -> String {
        self.in_instructions(&format!("metadata.providerTransferMetadata.{name}"))
    }

    fn payee(self, part: PartyField) -> String {
        let destinations = self.body.map(|body| &body.instructions().transfer_destinations);
        let destination = destinations.and_then(|all| all.get(self.destination));
        let rail = destination.and_then(rail_of).unwrap_or_default();
        let holder = destination.and_then(|one| one.customer_data.as_ref());
        match part {
            PartyField::Account | PartyField::AccountOnFile | PartyField::Verification => {
                self.in_destination(rail)
            }
            PartyField::Number(field) => {
                self.in_destination(&format!("{rail}.{}", account::name(field)))
            }
            PartyField::Name => self.in_destination("customerData.legalNames"),
            PartyField::UltimateName => self.in_instructions("metadata.ultimateCreditor"),
            PartyField::Address => self.in_destination("customerData.address"),
            PartyField::AddressPart(field) => self.in_destination(&part_of(holder, field)),
            PartyField::BankName => {
                self.in_provider_metadata("nextGenPsd2TransferMetadata.creditorAgentName")
            }
        }
    }

    fn payer(self, part: PartyField) -> String {
        let source = self.body.and_then(|body| body.instructions().source.as_ref());
        let account = source.and_then(|source| source.account_identifier.as_ref());
        // Without an account, the message asks for this form.
        let form = account.and_then(form_of).unwrap_or("iban");
        let holder = source.and_then(|source| source.customer_data.as_ref());
        let source = |name: &str| self.in_instructions(&format!("source.{name}"));
        match part {
            PartyField::Account
            | PartyField::AccountOnFile
            | PartyField::Verification
            | PartyField::BankName => source(&format!("accountIdentifier.{form}")),
            PartyField::Number(AccountField::Bic) => source("bic"),
            PartyField::Number(field) => {
                source(&format!("accountIdentifier.{form}.{}", account::name(field)))
            }
            PartyField::Name => source("customerData.legalNames"),
            PartyField::UltimateName => self.in_instructions("metadata.ultimateDebtor"),
            PartyField::Address => source("customerData.address"),
            PartyField::AddressPart(field) => source(&part_of(holder, field)),
        }
    }

    /// The member's own end-to-end reference, which the metadata of each standard has for itself.
    fn end_to_end_id(self) -> String {
        let metadata = self.body.and_then(|body| body.instructions().metadata.as_ref());
        let provider = metadata.and_then(|one| one.provider_transfer_metadata.as_ref());
        let is_there = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let place = match provider {
            Some(one) if one.stet.as_ref().is_some_and(|one| is_there(&one.end_to_end_id)) => {
                "stetTransferMetadata.endToEndId"
            }
            Some(one)
                if one
                    .next_gen_psd2
                    .as_ref()
                    .is_some_and(|one| is_there(&one.end_to_end_identification)) =>
            {
                "nextGenPsd2TransferMetadata.endToEndIdentification"
            }
            Some(_) | None => "cma9TransferMetadata.endToEndIdentification",
        };
        self.in_provider_metadata(place)
    }
}

impl Places for TokenRequest<'_> {
    fn path(&self, field: Field) -> String {
        match field {
            Field::Order | Field::OwnId => self.body.map_or(Body::TRANSFER, Body::path).to_owned(),
            Field::BankId => "requestOptions.bankId".to_owned(),
            Field::PayerReference => "requestOptions.psuId".to_owned(),
            Field::RefId => "requestPayload.refId".to_owned(),
            Field::CallbackUrl => "requestPayload.redirectUrl".to_owned(),
            Field::CallbackState => "requestPayload.callbackState".to_owned(),
            Field::OnBehalfOf => "requestPayload.actingAs.refId".to_owned(),
            Field::SecondaryText | Field::BothTexts => "requestPayload.description".to_owned(),
            Field::Reference => self.in_body("remittanceReference"),
            Field::Amount => self.in_body(self.body.map_or("lifetimeAmount", Body::amount_name)),
            Field::Currency => self.in_body("currency"),
            Field::ExecutionDate => self.in_body("executionDate"),
            Field::DestinationsUrl => self.in_body("setTransferDestinationsUrl"),
            Field::Rail => format!("{}[{}]", self.destinations(), self.destination),
            Field::EndToEndId => self.end_to_end_id(),
            Field::CredentialFlow => "useCredentialFlow".to_owned(),
            Field::Credentials => "credentials".to_owned(),
            Field::Creditor(part) => self.payee(part),
            Field::Debtor(part) => self.payer(part),
            Field::Risk(part) => self.in_uk_metadata(risk(part)),
            Field::Delivery(part) => {
                self.in_uk_metadata(&format!("risk.deliveryAddress.{}", delivery::name(part)))
            }
        }
    }

    fn name(&self, field: Field) -> String {
        if field == Field::Rail {
            // The list, not the place in it.
            return "transferDestinations".to_owned();
        }
        self.path(field).rsplit('.').next().unwrap_or_default().to_owned()
    }

    fn payer_chooses_bank(&self) -> &'static str {
        "leave out `bankId`"
    }
}

fn risk(part: RiskField) -> &'static str {
    match part {
        RiskField::PayerId => "risk.merchantCustomerIdentification",
        RiskField::ContextCode => "risk.paymentContextCode",
        RiskField::PurposeCode => "risk.paymentPurposeCode",
        // Only v2 has a field for it.
        RiskField::CategoryCode => "risk",
        RiskField::AccountType => "risk.beneficiaryAccountType",
    }
}

/// The field that the part of the holder's address comes from.
fn part_of(holder: Option<&CustomerData>, field: AddressField) -> String {
    let none = AddressInfo::default();
    let address = holder.and_then(|holder| holder.address.as_ref());
    match address::name(address.unwrap_or(&none), field) {
        Some(name) => format!("customerData.address.{name}"),
        None => "customerData.address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::parts::places::tests::unpublished;

    fn token_request(body: &str, transfer: &Value) -> StoreTokenRequest {
        serde_json::from_value(json!({ "requestPayload": {
            "to": { "id": "m:1:2" }, "refId": "ORDER-1", "redirectUrl": "https://shop.example/",
            body: transfer,
        }}))
        .unwrap()
    }

    #[test]
    fn each_place_is_one_of_the_published_request() {
        let schemas = ["StoreTokenRequest", "AuthorizationRequest"];
        let mut instructions = json!({ "transferDestinations": [
            { "sepa": { "iban": "DE02120300000000202051" } }] });
        let none = Vec::<String>::new();
        for form in ["", "iban", "gbDomestic", "bban"] {
            if !form.is_empty() {
                instructions["source"] = json!({ "accountIdentifier": { form: {} } });
            }
            let body =
                json!({ "lifetimeAmount": "1", "currency": "EUR", "instructions": instructions });
            let asked = token_request("transferBody", &body);
            assert_eq!(unpublished(&TokenRequest::of(&asked), &schemas), none, "{form}");
            let alone = TokenRequest::of(&asked).with_destinations_alone();
            assert_eq!(alone.path(Field::Rail), "transferDestinations[0]");
        }
        let body = json!({ "amount": "1", "currency": "EUR", "instructions": instructions });
        let asked = token_request("standingOrderBody", &body);
        let fields_of_single_payments = [
            "ExecutionDate: requestPayload.standingOrderBody.executionDate",
            "DestinationsUrl: requestPayload.standingOrderBody.setTransferDestinationsUrl",
        ];
        assert_eq!(unpublished(&TokenRequest::of(&asked), &schemas), fields_of_single_payments);
    }
}
