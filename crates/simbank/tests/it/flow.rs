//! The whole payment at each bank, idempotency, and the answers of the resources.

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_payment_runs_from_consent_to_settlement_at_each_bank() {
    let last = ["AcceptedSettlementCompleted", "AcceptedCreditSettlementCompleted"];
    for (bank, last) in BANKS.into_iter().zip([last[0], last[1], last[0]]) {
        let world = World::new();
        let payer = psu(bank).1;
        let before = (world.balance(payer).await, world.balance("12345612345678").await);
        let body = consent_body("12.34");

        let (consent_id, token) = world.authorised(bank, &body).await;
        let consent = world.read(bank, &format!("/domestic-payment-consents/{consent_id}")).await;
        assert_eq!(consent.json()["Data"]["Status"], "Authorised");
        assert_eq!(consent.json()["Data"]["Initiation"], body["Data"]["Initiation"]);
        assert_eq!(consent.json()["Risk"], body["Risk"]);
        let path = format!("/domestic-payment-consents/{consent_id}/funds-confirmation");
        let funds = world.api(bank, ApiCall::new("GET", &path, &token)).await;
        assert_eq!(funds.json()["Data"]["FundsAvailableResult"]["FundsAvailable"], true);

        let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
        let order = world.api(bank, call).await;
        assert_eq!(order.status, 201, "{}", order.text());
        let data = &order.json()["Data"];
        assert_eq!(data["Status"], "Pending");
        assert_eq!(data["Refund"]["Account"]["Identification"], payer);
        let id = data["DomesticPaymentId"].as_str().unwrap();
        let consent = world.read(bank, &format!("/domestic-payment-consents/{consent_id}")).await;
        assert_eq!(consent.json()["Data"]["Status"], "Consumed");
        assert_eq!(world.balance(payer).await, before.0);

        world.environment.advance(1_999);
        let order = world.read(bank, &format!("/domestic-payments/{id}")).await.json();
        assert_eq!(order["Data"]["Status"], "Pending");
        world.environment.advance(1);
        let order = world.read(bank, &format!("/domestic-payments/{id}")).await.json();
        assert_eq!(order["Data"]["Status"], last);
        assert_eq!(
            order["Links"]["Self"],
            format!("{BASE}/{bank}/open-banking/v3.1/pisp/domestic-payments/{id}")
        );
        let details = world.read(bank, &format!("/domestic-payments/{id}/payment-details")).await;
        let detail = &details.json()["Data"]["PaymentStatus"][0];
        assert_eq!(detail["Status"], last);
        assert_eq!(detail["StatusDetail"]["StatusReasonDescription"], "success");
        let after = (world.balance(payer).await, world.balance("12345612345678").await);
        assert_eq!(after, (before.0 - 1_234, before.1 + 1_234));
    }
}

#[tokio::test]
async fn without_the_wish_the_refund_account_is_not_told() {
    let world = World::new();
    let mut body = consent_body("1.00");
    body["Data"]["ReadRefundAccount"] = json!("No");
    let (consent_id, token) = world.authorised("ob-iron", &body).await;
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let order = world.api("ob-iron", call).await;
    assert_eq!(order.status, 201);
    assert_eq!(order.json()["Data"]["Refund"], Value::Null);
}

#[tokio::test]
async fn every_optional_field_is_taken_and_given_back() {
    let world = World::new();
    let mut body = consent_body("1.00");
    body["Data"]["Authorisation"] =
        json!({ "AuthorisationType": "Any", "CompletionDateTime": "2030-01-01T00:00:00+01:00" });
    body["Data"]["SCASupportData"] = json!({ "RequestedSCAExemptionType": "PartyToParty",
        "AppliedAuthenticationApproach": "SCA", "ReferencePaymentOrderId": "o-1" });
    let address = json!({ "AddressType": "Business", "Department": "D", "SubDepartment": "S",
        "StreetName": "High Street", "BuildingNumber": "1", "PostCode": "E1 1AA",
        "TownName": "London", "CountrySubDivision": "Essex", "Country": "GB",
        "AddressLine": ["a", "b"] });
    let initiation = &mut body["Data"]["Initiation"];
    initiation["LocalInstrument"] = json!("UK.OBIE.FPS");
    initiation["CreditorPostalAddress"] = address;
    initiation["CreditorAccount"]["SecondaryIdentification"] = json!("roll 1");
    initiation["DebtorAccount"] = json!({ "SchemeName": "UK.OBIE.SortCodeAccountNumber",
        "Identification": "70000112345601", "Name": "Alice" });
    initiation["RemittanceInformation"]["Unstructured"] = json!("for tea");
    initiation["SupplementaryData"] = json!({ "anything": [1, { "at": "all" }] });
    body["Risk"] = json!({ "PaymentContextCode": "EcommerceGoods", "MerchantCategoryCode": "5411",
        "MerchantCustomerIdentification": "c-1", "ContractPresentInidicator": true,
        "BeneficiaryPrepopulatedIndicator": false, "PaymentPurposeCode": "CASH",
        "BeneficiaryAccountType": "Business", "DeliveryAddress": { "AddressLine": ["Flat 7"],
            "StreetName": "s", "BuildingNumber": "1", "PostCode": "p", "TownName": "t",
            "CountrySubDivision": "c", "Country": "GB" } });
    let (consent_id, token) = world.authorised("ob-modelo", &body).await;
    let path = format!("/domestic-payment-consents/{consent_id}");
    let consent = world.read("ob-modelo", &path).await.json();
    for name in ["Authorisation", "SCASupportData", "Initiation"] {
        assert_eq!(consent["Data"][name], body["Data"][name]);
    }
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let order = world.api("ob-modelo", call).await;
    assert_eq!(order.json()["Data"]["Initiation"], body["Data"]["Initiation"]);
}

#[tokio::test]
async fn a_repeated_consent_is_the_same_consent() {
    let world = World::new();
    let token = world.client_token("ob-modelo").await;
    let call = world.signed("/domestic-payment-consents", &token, &consent_body("5.00"));
    let first = world.api("ob-modelo", call.clone()).await.json();
    let id = first["Data"]["ConsentId"].as_str().unwrap();
    world.approve("ob-modelo", id).await;
    let again = world.api("ob-modelo", call.clone()).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.json()["Data"]["ConsentId"], id);
    assert_eq!(again.json()["Data"]["Status"], "Authorised", "the current state is given");

    let changed = consent_body("6.00").to_string();
    let signature = sign(&message_header(world.now()), &changed);
    let changed = call.clone().body(changed).header("x-jws-signature", &signature);
    let refused = world.api("ob-modelo", changed).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (400, "Header.Invalid"));

    world.environment.advance(24 * 3600 * 1000);
    let token = world.client_token("ob-modelo").await;
    let late = call.header("authorization", &format!("Bearer {token}"));
    let late = world.api("ob-modelo", late).await;
    assert_ne!(late.json()["Data"]["ConsentId"], id, "a key is forgotten after 24 hours");
}

#[tokio::test]
async fn a_repeated_order_is_the_same_order_and_a_second_order_is_refused() {
    let world = World::new();
    let body = consent_body("5.00");
    let (consent_id, token) = world.authorised("mock-redirect", &body).await;
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    let first = world.api("mock-redirect", call.clone()).await.json();
    world.environment.advance(2_000);
    let again = world.api("mock-redirect", call.clone()).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.json()["Data"]["DomesticPaymentId"], first["Data"]["DomesticPaymentId"]);
    assert_eq!(again.json()["Data"]["Status"], "AcceptedSettlementCompleted");
    let second = call.header("x-idempotency-key", "another key");
    let second = world.api("mock-redirect", second).await;
    assert_eq!(second.error_code(), "Resource.InvalidConsentStatus");
    let books = world.books(&consent_id).await;
    assert_eq!((&books["posts"], &books["accepted"]), (&json!(3), &json!(1)));
    assert_eq!(world.balance("90000112345601").await, 1_000_000 - 500);
}

#[tokio::test]
async fn an_order_must_say_what_the_consent_says() {
    let world = World::new();
    let body = consent_body("5.00");
    let (consent_id, token) = world.authorised("ob-modelo", &body).await;
    let good = order_body(&consent_id, &body);
    let mut dearer = good.clone();
    dearer["Data"]["Initiation"]["InstructedAmount"]["Amount"] = json!("5.01");
    let mut other_payee = good.clone();
    other_payee["Data"]["Initiation"]["CreditorAccount"]["Name"] = json!("Somebody");
    let mut other_risk = good.clone();
    other_risk["Risk"] = json!({});
    let mut other_consent = good.clone();
    other_consent["Data"]["ConsentId"] =
        json!(world.create_consent("ob-modelo", &consent_body("5.00")).await);
    for order in [dearer, other_payee, other_risk, other_consent] {
        let call = world.signed("/domestic-payments", &token, &order);
        let reply = world.api("ob-modelo", call).await;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.error_code(), "Resource.ConsentMismatch", "{order}");
    }
    let call = world.signed("/domestic-payments", &token, &good);
    assert_eq!(world.api("ob-modelo", call).await.status, 201);
}

#[tokio::test]
async fn funds_are_confirmed_only_for_an_authorised_consent_and_honestly() {
    let world = World::new();
    let body = consent_body("60000.00");
    let (consent_id, token) = world.authorised("ob-modelo", &body).await;
    let path = format!("/domestic-payment-consents/{consent_id}/funds-confirmation");
    let funds = world.api("ob-modelo", ApiCall::new("GET", &path, &token)).await.json();
    assert_eq!(funds["Data"]["FundsAvailableResult"]["FundsAvailable"], false);
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
    world.api("ob-modelo", call).await;
    let reply = world.api("ob-modelo", ApiCall::new("GET", &path, &token)).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (400, "Resource.InvalidConsentStatus"));
    let other = world.create_consent("ob-modelo", &body).await;
    let path = format!("/domestic-payment-consents/{other}/funds-confirmation");
    assert_eq!(world.api("ob-modelo", ApiCall::new("GET", &path, &token)).await.status, 403);
}
