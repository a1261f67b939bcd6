//! The requests of the published guides to payments v1, pasted unchanged. The test replaces only
//! placeholders for a reader's own values: the member, the bank, past days, and, in the long example of
//! the reference, a payer's account that does not fit its payee's rail.

use serde_json::{Value, json};

use crate::support::{Decision, World, id, with, worlds};
use crate::v1_transfers::on_request;

/// "Initiate a token request": `POST /token-requests` with every field.
const EVERY_FIELD: &str = r#"{
  "requestOptions": {
    "bankId": "ob-modelo",
    "from": {
      "alias": {
        "realmId": "m:vHZUAMFt6s64vn6aDyMiwBYbPDN:5zKtXEAq", "type": "EMAIL",
        "value": "e-sales@token.io"
      },
      "id": "m:nP4w3u5y8ddrxDJkjimgSX9e4fZ:5zKtXEAq"
    },
    "psuId": "a:TASDo3124fcsmF0vsmdv4mf4mklsdwls3mcixz14fkasdv5",
    "receiptRequested": false,
    "tokenInternal": { "redirectUrl": "http://psu-redirect.com", "usingWebApp": false }
  },
  "requestPayload": {
    "actingAs": {
      "displayName": "The Great Baking Co.", "refId": "9htio4a1sp2akdr1aa",
      "secondaryName": "jane.doe@company.com"
    },
    "callbackState": "6242e45e-3063-4c42-8376",
    "countries": ["DE", "IT", "RO"],
    "description": "A regular payment",
    "disableFutureDatedPaymentConversion": false,
    "redirectUrl": "http://psu-redirect.com",
    "refId": "9htio4a1sp2akdr1aa",
    "to": {
      "alias": {
        "realmId": "m:vHZUAMFt6s64vn6aDyMiwBYbPDN:5zKtXEAq", "type": "EMAIL",
        "value": "e-sales@token.io"
      },
      "id": "m:nP4w3u5y8ddrxDJkjimgSX9e4fZ:5zKtXEAq"
    },
    "userRefId": "3jdaWmcewrj3MX0CDS",
    "transferBody": {
      "confirmFunds": false,
      "currency": "EUR",
      "executionDate": "2023-02-28",
      "instructions": {
        "metadata": {
          "chargeBearer": "CRED",
          "providerTransferMetadata": { "cma9TransferMetadata": {
            "endToEndIdentification": "string",
            "instructionIdentification": "string",
            "risk": {
              "deliveryAddress": {
                "addressLine": ["Flat 2, The Red Lodge, 1 High Street"],
                "addressType": "BUSINESS", "buildingNumber": "1", "country": "GB",
                "countrySubDivision": ["North Yorkshire"], "department": "1",
                "postCode": "YO62 5JB", "streetName": "High Street",
                "subDepartment": "Flat 2", "townName": "York"
              },
              "merchantCustomerIdentification": "0000789123",
              "paymentContextCode": "PISP_PAYEE", "paymentPurposeCode": "DVPM",
              "beneficiaryAccountType": "BUSINESS",
              "contractPresentIndicator": "true", "beneficiaryPrepopulatedIndicator": "true"
            }
          } },
          "purposeCode": "DVPM", "ultimateCreditor": "ACME GmbH", "ultimateDebtor": "John Smith"
        },
        "source": {
          "accountIdentifier": { "bankgiro": { "bankgiroNumber": "56781234" } },
          "bankId": "ob-modelo", "bic": "BOFIIE2D",
          "customerData": {
            "address": {
              "city": "Berlin", "conscriptionNumber": "2831", "country": "DE",
              "district": "Friedrichshain", "flats": "21A - 21C",
              "full": "Fifth house on the left after the village oak, Smalltown, Smallcountry",
              "hamlet": "Botzowviertel", "houseName": "Grossen Blauen Haus",
              "houseNumber": "123", "place": "Arnswalder Platz", "postCode": "10243",
              "province": "BC", "state": "CA", "street": "Hans-Otto-Strasse",
              "subdistrict": "Friedrichshain Nord", "suburb": "Altona Meadows Suburb"
            },
            "legalNames": "Mr John Arthur Smith"
          }
        },
        "transferDestinations": [ {
          "customerData": {
            "address": {
              "city": "Berlin", "conscriptionNumber": "2831", "country": "DE",
              "district": "Friedrichshain", "flats": "21A - 21C",
              "full": "Fifth house on the left after the village oak, Smalltown, Smallcountry",
              "hamlet": "Botzowviertel", "houseName": "Grossen Blauen Haus",
              "houseNumber": "123", "place": "Arnswalder Platz", "postCode": "10243",
              "province": "BC", "state": "CA", "street": "Hans-Otto-Strasse",
              "subdistrict": "Friedrichshain Nord", "suburb": "Altona Meadows Suburb"
            },
            "legalNames": "Mr John Arthur Smith"
          },
          "type": "BUSINESS",
          "sepa": { "iban": "GB29NWBK60161331926819", "bic": "BOFIIE2D" }
        } ]
      },
      "lifetimeAmount": "10000.00",
      "remittanceReference": "MFt6s64vn6aDyMiwBA3",
      "returnRefundAccount": false,
      "setTransferDestinationsUrl": "string"
    }
  }
}"#;

/// "Making a Transfer Token Request", without its comments.
const SHORT: &str = r#"{
  "requestPayload": {
    "refId": "xyz",
    "to": { "id": "m:nP4w3u5y8ddrxDJkjimgSX9e4fZ:5zKtXEAq" },
    "transferBody": {
      "currency": "EUR",
      "lifetimeAmount": "1.00",
      "instructions": { "transferDestinations": [ {
        "sepa": { "iban": "FR7630004001160000784013521" },
        "customerData": { "legalNames": ["Test"] }
      } ] }
    },
    "description": "your description",
    "redirectUrl": "https://sample-merchant-domain.com/transfer"
  }
}"#;

/// The object `source` of the same guide.
const SOURCE: &str = r#"{
  "accountIdentifier": { "gb_domestic": { "account_number": "70000005", "sort_code": "700001" } }
}"#;

/// The object `actingAs` of the same guide.
const ACTING_AS: &str = r#"{
  "displayName": "Rudolfo's Pizzeria", "logoUrl": "https://cdn-somewhere-on-the-web.com",
  "refId": "Merchant-No. TX14JG6890", "secondaryName": "rudys-restaurants.it"
}"#;

/// "Request authorization".
const AUTHORIZATION: &str = r#"{
  "consentAccepted": false,
  "credentials": { "property1": "string", "property2": "string" },
  "useCredentialFlow": false,
  "useWebappCredentialsFlow": false
}"#;

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

impl World {
    /// An example with the calling member in its place.
    fn filled(&self, text: &str) -> Value {
        with(&read(text), "requestPayload.to.id", self.member.id.as_str())
    }
}

#[tokio::test]
async fn the_long_example_of_the_reference_is_taken_and_shown_again() {
    for world in worlds().await {
        let body = world.filled(EVERY_FIELD);
        let body = with(&body, "requestOptions.bankId", "bg-linden");
        let body = with(&body, "requestPayload.transferBody.executionDate", "2026-02-27");
        let url = "requestPayload.transferBody.setTransferDestinationsUrl";
        let body = with(&body, url, "https://shop.example/destinations");
        let source = "requestPayload.transferBody.instructions.source.accountIdentifier";
        let body = with(&body, source, json!({ "iban": { "iban": "DE65700202700000001008" } }));
        let source_bank = "requestPayload.transferBody.instructions.source.bankId";
        let body = with(&body, source_bank, "bg-linden");
        let stored = world.store(&body).await;
        let read = world.get(&format!("/token-requests/{}", id(&stored))).await.json();
        assert_eq!(read["tokenRequest"], stored);
        // A bare name is a list of one.
        let names = "requestPayload.transferBody.instructions.transferDestinations";
        let list = names.split('.').fold(&stored, |value, key| &value[key]);
        assert_eq!(list[0]["customerData"]["legalNames"], json!(["Mr John Arthur Smith"]));
    }
}

#[tokio::test]
async fn the_short_example_of_the_guide_needs_no_bank() {
    for world in worlds().await {
        let stored = world.store(&world.filled(SHORT)).await;
        let result = world.result(&id(&stored)).await;
        let pending =
            json!({ "signature": {}, "status": "PENDING", "statusReasonInformation": "" });
        assert_eq!(result, pending);
        // Older names of the same operation.
        for name in ["token-request-result", "token_request_result"] {
            let answer = world.get(&format!("/token-requests/{}/{name}", id(&stored))).await;
            assert_eq!((answer.status, answer.json()), (200, pending.clone()), "{name}");
        }
    }
}

#[tokio::test]
async fn names_of_fields_in_small_letters_with_underscores_are_taken() {
    for world in worlds().await {
        let source = "requestPayload.transferBody.instructions.source";
        let body = with(&world.token_request(), source, read(SOURCE));
        let body = with(&body, "requestPayload.actingAs", read(ACTING_AS));
        let body = with(&body, "requestPayload.traceID", "trace-1");
        let stored = world.store(&body).await;
        let payload = &stored["requestPayload"];
        let shown = &payload["transferBody"]["instructions"]["source"];
        let account = json!({ "accountNumber": "70000005", "sortCode": "700001" });
        assert_eq!(shown["accountIdentifier"]["gbDomestic"], account);
        assert_eq!(payload["actingAs"], read(ACTING_AS));
        assert_eq!(payload["traceID"], "trace-1");
        // Two forms of one name might mean two values.
        let twice = with(&body, "requestPayload.ref_id", "OTHER");
        let answer = world.post("/token-requests", &twice).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert_eq!(answer.json()["error"]["paths"], json!(["requestPayload.refId"]));
    }
}

#[tokio::test]
async fn authorisation_and_redemption_of_the_guides() {
    for world in worlds().await {
        world.agree(on_request()).await;
        let request = id(&world.store(&world.token_request()).await);
        let authorization = world.authorize(&request, &read(AUTHORIZATION)).await;
        assert_eq!(authorization.status, 200, "{}", authorization.text());
        world.decide_on(&authorization, Decision::Approve).await;
        let result = world.result(&request).await;
        let body = json!({ "payload": { "tokenId": result["tokenId"] } });
        let answer = world.post("/transfers", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let transfer = answer.json()["transfer"]["id"].clone();
        let path = format!("/transfers/{}?skipTransferUpdate=false", transfer.as_str().unwrap());
        assert_eq!(world.get(&path).await.json()["transfer"]["id"], transfer);
    }
}
