//! Orders that are taken back: as each standard has it, and as each bank wants it.

use std::sync::OnceLock;

use judge::Judge;
use serde_json::{Value, json};

use crate::next_gen_psd2::{Asked, BACK};
use crate::support::*;

const LINDEN: &str = "/bg-linden/v1/payments/sepa-credit-transfers";
/// An account that no bank here keeps.
const PAYEE: &str = "DE02120300000000202051";

fn next_gen_psd2_judge() -> Option<&'static Judge> {
    static JUDGE: OnceLock<Option<Judge>> = OnceLock::new();
    let load = || Judge::load("banks/berlin-group/psd2-api_v1.3.12-judge.json");
    JUDGE.get_or_init(load).as_ref()
}

impl World {
    /// A message of a cancellation at a bank of NextGenPSD2, judged against the published document.
    async fn judged(&self, method: &str, path: &str, user: &str, body: &Value) -> Reply {
        let reply = self.next_gen_psd2(method, path, user, body).await;
        if let Some(judge) = next_gen_psd2_judge() {
            let (_, resource) = path.split_once("/v1/").unwrap();
            let path = format!("/psd2/v1/{resource}");
            let found = judge.response(method, &path, reply.status, &reply.headers, &reply.bytes);
            assert_eq!(found, [], "{method} {path} {}", reply.text());
        }
        reply
    }

    /// A payment for a day, approved: its id.
    async fn for_a_day(&self, bank: &str, days: i64) -> (Asked<'static>, String) {
        let asked = Asked::at(known(bank), "12.00", "Rent");
        let body = json!({
            "endToEndIdentification": self.unique("e"),
            "instructedAmount": { "currency": "EUR", "amount": "12.00" },
            "creditorAccount": { "iban": PAYEE },
            "creditorName": "Customer Inc.",
            "requestedExecutionDate": self.day(days),
        });
        let created = self.next_gen_psd2_create_as(&asked, body).await;
        assert_eq!(created.status, 201, "{}", created.text());
        let id = created.json()["paymentId"].as_str().unwrap().to_owned();
        self.next_gen_psd2_approve(&asked, &id).await;
        assert_eq!(self.next_gen_psd2_status(bank, &id).await, "ACTC", "{bank}");
        (asked, id)
    }
}

fn known(bank: &str) -> &'static str {
    ["bg-linden", "bg-ahorn", "bg-eiche", "bg-birke", "bg-tulp"]
        .into_iter()
        .find(|known| *known == bank)
        .unwrap()
}

fn href<'a>(body: &'a Value, link: &str) -> &'a str {
    body["_links"][link]["href"].as_str().unwrap_or_else(|| panic!("no {link} in {body}"))
}

/// The payer approves a cancellation as the bank wants it; the answer to the last step.
async fn approve(world: &World, asked: &Asked<'_>, told: &Value) -> Reply {
    let (bank, user) = (asked.bank, asked.username);
    match bank {
        "bg-linden" | "bg-tulp" => {
            let path = href(told, "startAuthorisation");
            let started = world.judged("POST", path, user, &json!({})).await;
            assert_eq!(started.header("aspsp-sca-approach"), "REDIRECT");
            let visit = href(&started.json(), "scaRedirect").to_owned();
            world.decide(&visit, user, "approve").await
        }
        "bg-ahorn" => {
            let path = href(told, "startAuthorisationWithPsuAuthentication");
            let body = json!({ "psuData": { "password": format!("{user}-pass") } });
            let started = world.judged("POST", path, user, &body).await.json();
            let path = href(&started, "selectAuthenticationMethod").to_owned();
            let chosen = json!({ "authenticationMethodId": "sms" });
            world.judged("PUT", &path, user, &chosen).await;
            world.judged("PUT", &path, user, &json!({ "scaAuthenticationData": "123456" })).await
        }
        "bg-birke" => {
            assert_eq!(told["scaStatus"], "started");
            let authorisation = href(told, "scaStatus").rsplit('/').next().unwrap();
            let fields = [("payment", authorisation), ("decision", "approve")];
            world.post_form(&format!("/sim/app/{bank}/{user}"), &fields).await
        }
        other => panic!("{other} asks nobody"),
    }
}

#[tokio::test]
async fn a_payment_for_a_day_is_cancelled_as_the_bank_wants_it() {
    for bank in ["bg-linden", "bg-tulp", "bg-ahorn", "bg-birke", "bg-eiche"] {
        let world = World::new();
        let (asked, id) = world.for_a_day(bank, 5).await;
        let before = world.balance(asked.debtor.unwrap()).await;
        let path = format!("/{bank}/v1/payments/sepa-credit-transfers/{id}");
        let reply = world.judged("DELETE", &path, asked.username, &Value::Null).await;
        if bank == "bg-eiche" {
            assert_eq!(reply.status, 204);
        } else {
            assert_eq!(reply.status, 202, "{bank}");
            assert_eq!(reply.json()["transactionStatus"], "ACTC", "{bank}: it goes on for now");
            assert_eq!(world.kept(&id).await, ("ACTC".to_owned(), false, 0));
            approve(&world, &asked, &reply.json()).await;
            let list = format!("{path}/cancellation-authorisations");
            let ids = world.judged("GET", &list, "", &Value::Null).await.json();
            let own = format!("{list}/{}", ids["authorisationIds"][0].as_str().unwrap());
            let read = world.judged("GET", &own, "", &Value::Null).await;
            assert_eq!(read.json()["scaStatus"], "finalised", "{bank}");
        }
        assert_eq!(world.next_gen_psd2_status(bank, &id).await, "CANC", "{bank}");
        world.wait_days(10);
        assert_eq!(world.kept(&id).await, ("CANC".to_owned(), true, 0), "{bank}");
        assert_eq!(world.balance(asked.debtor.unwrap()).await, before, "{bank}");
        let again = world.judged("DELETE", &path, asked.username, &Value::Null).await;
        assert_eq!(again.status, 405, "{bank}");
        assert_eq!(again.json()["tppMessages"][0]["code"], "CANCELLATION_INVALID");
    }
}

#[tokio::test]
async fn a_bank_may_want_a_code_after_the_redirect_or_not_cancel_at_all() {
    let world = World::new();
    let path = "/bg-pino/v1/payments/sepa-credit-transfers";
    let body = json!({
        "instructedAmount": { "currency": "EUR", "amount": "9.00" },
        "creditorAccount": { "iban": PAYEE },
        "creditorName": "Customer Inc.",
        "debtorAccount": { "iban": "IT11X0542811101000000001148" },
        "requestedExecutionDate": world.day(9),
    });
    let created = world.sealed(true, ("POST", path), None, &body).await.json();
    let code = |reply: &Reply| -> String {
        let location = url::Url::parse(reply.header("location")).unwrap();
        let found = location.query_pairs().find(|(name, _)| name == "confirmationCode");
        found.unwrap().1.into_owned()
    };
    let back = world.decide(href(&created, "scaRedirect"), "paola", "approve").await;
    let confirmation = json!({ "confirmationCode": code(&back) });
    let own = href(&created, "scaStatus");
    assert_eq!(world.sealed(true, ("PUT", own), None, &confirmation).await.status, 200);

    let own = format!("{path}/{}", created["paymentId"].as_str().unwrap());
    let told = world.sealed(true, ("DELETE", &own), None, &Value::Null).await;
    assert_eq!((told.status, told.header("aspsp-sca-approach")), (202, "REDIRECT"));
    let told = told.json();
    let back = world.decide(href(&told, "scaRedirect"), "paola", "approve").await;
    let id = created["paymentId"].as_str().unwrap();
    assert_eq!(world.kept(id).await.0, "ACTC", "the code is missing");
    let wrong = json!({ "confirmationCode": "guessed" });
    let path = href(&told, "scaStatus");
    assert_eq!(world.sealed(true, ("PUT", path), None, &wrong).await.status, 400);
    let confirmation = json!({ "confirmationCode": code(&back) });
    let late = world.sealed(true, ("PUT", path), None, &confirmation).await;
    assert_eq!(late.status, 409, "one wrong code ends the authorisation");
    let told = world.sealed(true, ("DELETE", &own), None, &Value::Null).await.json();
    let back = world.decide(href(&told, "scaRedirect"), "paola", "approve").await;
    let confirmation = json!({ "confirmationCode": code(&back) });
    let last = world.sealed(true, ("PUT", href(&told, "scaStatus")), None, &confirmation).await;
    assert_eq!(last.json()["scaStatus"], "finalised");
    assert_eq!(world.kept(id).await, ("CANC".to_owned(), true, 0));
}

#[tokio::test]
async fn a_payer_who_declines_a_cancellation_keeps_the_payment() {
    let world = World::new();
    let (asked, id) = world.for_a_day("bg-linden", 5).await;
    let user = asked.username;
    let told = world.judged("DELETE", &format!("{LINDEN}/{id}"), user, &Value::Null).await.json();
    let path = href(&told, "startAuthorisation");
    let started = world.judged("POST", path, user, &json!({})).await.json();
    let visit = href(&started, "scaRedirect").trim_start_matches(BASE).to_owned();
    let consent = world.decide(&visit, user, "decline").await;
    assert_eq!(consent.status, 200);
    assert!(consent.text().contains("Die Zahlung bleibt bestehen"), "{}", consent.text());
    assert!(consent.text().contains(BACK), "the way back is a link");
    assert!(world.get(&visit).await.text().contains("Die Zahlung bleibt bestehen"), "and stays");
    let read = world.judged("GET", href(&started, "scaStatus"), "", &Value::Null).await.json();
    assert_eq!(read["scaStatus"], "failed");

    let (ahorn, kept) = world.for_a_day("bg-ahorn", 5).await;
    let path = format!("/bg-ahorn/v1/payments/sepa-credit-transfers/{kept}");
    let told = world.judged("DELETE", &path, "anna", &Value::Null).await.json();
    let start = href(&told, "startAuthorisationWithPsuAuthentication");
    let wrong = json!({ "psuData": { "password": "wrong" } });
    for _ in 0..3 {
        assert_eq!(world.judged("POST", start, ahorn.username, &wrong).await.status, 401);
    }
    assert_eq!(world.judged("POST", start, ahorn.username, &wrong).await.status, 409);

    let (birke, app) = world.for_a_day("bg-birke", 5).await;
    let path = format!("/bg-birke/v1/payments/sepa-credit-transfers/{app}");
    world.judged("DELETE", &path, birke.username, &Value::Null).await;
    let page = world.get("/sim/app/bg-birke/bernd").await.text();
    assert!(page.contains("Diese Zahlung stornieren?"), "{page}");
    world.post_form("/sim/app/bg-birke/bernd", &[("decision", "decline")]).await;

    for id in [&id, &kept, &app] {
        assert_eq!(world.kept(id).await, ("ACTC".to_owned(), false, 0));
    }
    world.wait_days(6);
    for id in [&id, &kept, &app] {
        assert_eq!(world.kept(id).await, ("ACSC".to_owned(), false, 1), "it was executed");
    }
}

#[tokio::test]
async fn a_cancellation_after_the_execution_is_refused() {
    let world = World::new();
    let asked = Asked::at("bg-linden", "12.00", "Rent");
    let id =
        world.next_gen_psd2_create(&asked).await.json()["paymentId"].as_str().unwrap().to_owned();
    world.next_gen_psd2_approve(&asked, &id).await;
    world.environment.advance(2_000);
    let late = world.judged("DELETE", &format!("{LINDEN}/{id}"), "lena", &Value::Null).await;
    assert_eq!(late.status, 405);
    assert_eq!(late.json()["tppMessages"][0]["code"], "CANCELLATION_INVALID");

    // The day comes while the payer looks at the page.
    let (_, id) = world.for_a_day("bg-linden", 1).await;
    let told = world.judged("DELETE", &format!("{LINDEN}/{id}"), "lena", &Value::Null).await.json();
    let path = href(&told, "startAuthorisation");
    let started = world.judged("POST", path, "lena", &json!({})).await.json();
    // The visit lasts as long as a day; the payment's day begins earlier.
    world.environment.advance(23 * 3_600_000);
    assert_eq!(world.kept(&id).await, ("ACSC".to_owned(), false, 1));
    let visit = href(&started, "scaRedirect");
    let page = world.decide(visit, "lena", "approve").await;
    assert!(page.text().contains("Die Zahlung bleibt bestehen"), "{}", page.text());
    assert_eq!(world.kept(&id).await, ("ACSC".to_owned(), false, 1));
}

#[tokio::test]
async fn what_nobody_has_approved_is_cancelled_at_once_and_cannot_be_approved_any_more() {
    let world = World::new();
    let asked = Asked::at("bg-linden", "12.00", "Rent");
    let id =
        world.next_gen_psd2_create(&asked).await.json()["paymentId"].as_str().unwrap().to_owned();
    let path = format!("{LINDEN}/{id}");
    let early = world
        .judged("POST", &format!("{path}/cancellation-authorisations"), "lena", &json!({}))
        .await;
    assert_eq!(early.status, 409, "nobody has asked for a cancellation");
    assert_eq!(world.judged("DELETE", &path, "lena", &Value::Null).await.status, 204);
    let visit = world.get(&format!("/bg-linden/sca/{id}")).await;
    assert_eq!(
        (visit.status, visit.header("location")),
        (303, BACK),
        "there is nothing to approve"
    );
    world.wait_days(1);
    assert_eq!(world.kept(&id).await, ("CANC".to_owned(), true, 0));
}

#[tokio::test]
async fn a_standing_order_runs_until_it_is_cancelled() {
    let world = World::new();
    let (money, debtor) = (world.all_money().await, "AT672011100000001092");
    let body = json!({
        "instructedAmount": { "currency": "EUR", "amount": "10.00" },
        "debtorAccount": { "iban": debtor },
        "creditorAccount": { "iban": PAYEE },
        "creditorName": "Customer Inc.",
        "startDate": world.day(1), "endDate": world.day(200), "frequency": "Weekly",
    });
    let path = "/bg-eiche/v1/periodic-payments/sepa-credit-transfers";
    let created = world.next_gen_psd2("POST", path, "elfi", &body).await.json();
    let id = created["paymentId"].as_str().unwrap();
    let start = href(&created, "startAuthorisationWithPsuAuthentication");
    let password = json!({ "psuData": { "password": "elfi-pass" } });
    let started = world.next_gen_psd2("POST", start, "elfi", &password).await.json();
    let last = json!({ "scaAuthenticationData": "123456" });
    world.next_gen_psd2("PUT", href(&started, "authoriseTransaction"), "elfi", &last).await;
    world.wait_days(16);
    assert_eq!(world.balance(debtor).await, 1_250_000 - 3_000, "three weeks");
    let own = format!("{path}/{id}");
    let status = world.next_gen_psd2("GET", &format!("{own}/status"), "", &Value::Null).await;
    assert_eq!(status.json()["transactionStatus"], "ACTC");
    let reply = world.judged("DELETE", &own, "elfi", &Value::Null).await;
    assert_eq!(reply.status, 204);
    world.wait_days(100);
    assert_eq!(world.kept(id).await, ("CANC".to_owned(), true, 0));
    assert_eq!(world.payments_at("bg-eiche").await[0]["runs"], 3, "paid before it was cancelled");
    assert_eq!(world.balance(debtor).await, 1_250_000 - 3_000, "no fourth");
    assert_eq!(world.all_money().await, money);
}

/// A request of STET for a day: its id and the link to its approval.
async fn stet_request(world: &World, bank: &str, days: i64) -> (String, Value, String) {
    let iban = match bank {
        "stet-chene" => "FR7610007000010000000201194",
        "stet-hetre" => "FR7610107000010000000205583",
        "stet-saule" => "FR7610207000010000000209972",
        other => panic!("{other}"),
    };
    let beneficiary = json!({ "creditor": { "name": "Customer Inc." },
        "creditorAccount": { "iban": "FR7630006000011234567890189" } });
    let text = bank == "stet-chene";
    let amount = if text { json!("15.00") } else { json!(15.0) };
    let at = format!("{}T06:00:00Z", world.day(days));
    let mut body = json!({
        "paymentInformationId": world.unique("stet"),
        "debtorAccount": { "iban": iban },
        "creditTransferTransaction": [{
            "requestedExecutionDate": at,
            "instructedAmount": { "currency": "EUR", "amount": amount },
            "remittanceInformation": { "unstructured": ["Rent"] },
        }],
        "supplementaryData": { "successfulReportUrl": BACK,
            "unsuccessfulReportUrl": format!("{BACK}?nok") },
    });
    match text {
        true => body["beneficiary"] = beneficiary,
        false => body["creditTransferTransaction"][0]["beneficiary"] = beneficiary,
    }
    let created = world.stet(bank, "POST", "/payment-requests", &body).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let id = created.header("location").rsplit('/').next().unwrap().to_owned();
    let link = created.json()["_links"]["consentApproval"]["href"].as_str().map(str::to_owned);
    (id, body, link.unwrap_or_default())
}

/// The parameter of the payer's return that the confirmation requires.
fn factor(back: &Reply) -> Value {
    let location = url::Url::parse(back.header("location")).unwrap();
    let found = location.query_pairs().find(|(name, _)| name == "psuAuthenticationFactor");
    found.map_or(json!({}), |(_, value)| json!({ "psuAuthenticationFactor": value }))
}

#[tokio::test]
async fn a_payment_request_of_stet_is_cancelled_with_the_payers_word_and_a_confirmation() {
    for (bank, user) in [("stet-chene", "camille"), ("stet-hetre", "helene")] {
        let world = World::new();
        let (id, mut body, link) = stet_request(&world, bank, 5).await;
        let own = format!("/payment-requests/{id}");
        let confirmation = format!("{own}/confirmation");
        let back = world.decide(&link, user, "approve").await;
        let confirmed = world.stet(bank, "POST", &confirmation, &factor(&back)).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.text());
        body["paymentInformationStatus"] = json!("CANC");
        let no_reason = world.stet(bank, "PUT", &own, &body).await;
        assert_eq!(no_reason.status, 400, "{bank}: a reason is missing");
        body["statusReasonInformation"] = json!("DS02");

        let told = world.stet(bank, "PUT", &own, &body).await.json();
        assert_eq!(told["appliedAuthenticationApproach"], "REDIRECT");
        let declined = world.decide(href(&told, "consentApproval"), user, "decline").await;
        assert!(declined.text().contains("Le paiement est maintenu"), "{}", declined.text());
        let early = world.stet(bank, "POST", &confirmation, &json!({})).await;
        assert_eq!(early.status, 403, "{bank}: nothing to confirm");

        let told = world.stet(bank, "PUT", &own, &body).await.json();
        let back = world.decide(href(&told, "consentApproval"), user, "approve").await;
        assert!(back.header("location").starts_with(BACK));
        assert_eq!(world.kept(&id).await.0, "ACSP", "{bank}: not confirmed yet");
        let wrong = json!({ "psuAuthenticationFactor": "guessed" });
        if bank == "stet-hetre" {
            assert_eq!(world.stet(bank, "POST", &confirmation, &wrong).await.status, 403);
        }
        let last = world.stet(bank, "POST", &confirmation, &factor(&back)).await;
        assert_eq!(last.json()["paymentRequest"]["paymentInformationStatus"], "CANC", "{bank}");
        world.wait_days(7);
        assert_eq!(world.kept(&id).await, ("CANC".to_owned(), true, 0));
        assert_eq!(world.stet(bank, "PUT", &own, &body).await.status, 409);
    }
}

#[tokio::test]
async fn a_payment_request_of_stet_that_was_executed_is_not_cancelled() {
    let world = World::new();
    let (id, mut body, link) = stet_request(&world, "stet-chene", 1).await;
    let own = format!("/payment-requests/{id}");
    let confirmation = format!("{own}/confirmation");
    world.decide(&link, "camille", "approve").await;
    world.stet("stet-chene", "POST", &confirmation, &json!({})).await;
    body["paymentInformationStatus"] = json!("CANC");
    body["statusReasonInformation"] = json!("DS02");
    let told = world.stet("stet-chene", "PUT", &own, &body).await.json();
    world.decide(href(&told, "consentApproval"), "camille", "approve").await;
    world.wait_days(2);
    let late = world.stet("stet-chene", "POST", &confirmation, &json!({})).await;
    assert_eq!(late.status, 409, "the day came before the confirmation");
    assert_eq!(world.stet("stet-chene", "PUT", &own, &body).await.status, 409);
    assert_eq!(world.kept(&id).await, ("ACSC".to_owned(), false, 1));
}

/// The standard has no cancellation of payments: the payer does that at the bank.
#[tokio::test]
async fn uk_open_banking_cancels_no_payment() {
    let world = World::new();
    let (_, order) = world.pay("ob-iron", "10.00").await;
    let id = order.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
    let token = world.client_token("ob-iron").await;
    for path in [format!("/domestic-payments/{id}"), format!("/domestic-scheduled-payments/{id}")] {
        let reply =
            world.api("ob-iron", ApiCall::new("DELETE", &path, &token).bad().broken()).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "GET"), "{path}");
    }
    world.environment.advance(2_000);
    assert_eq!(world.kept(&id).await.2, 1);
}
