//! The effect of the amount, and that no money is created or lost.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::*;

/// Pays and returns the consent id, the answer, and the order with its details afterwards.
async fn outcome(world: &World, bank: &str, amount: &str) -> (String, Value, Value) {
    let (consent_id, reply) = world.pay(bank, amount).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    let id = reply.json()["Data"]["DomesticPaymentId"].as_str().unwrap().to_owned();
    world.environment.advance(2_000);
    let order = world.read(bank, &format!("/domestic-payments/{id}")).await.json();
    let details =
        world.read(bank, &format!("/domestic-payments/{id}/payment-details")).await.json();
    (consent_id, order["Data"]["Status"].clone(), details["Data"]["PaymentStatus"][0].clone())
}

#[tokio::test]
async fn the_amount_decides_how_the_order_ends() {
    let done = "AcceptedSettlementCompleted";
    let in_process = "AcceptedSettlementInProcess";
    let table: [(&str, &str, Option<&str>, &str); 12] = [
        ("101.00", done, None, "success"),
        ("103.00", "Rejected", Some("ProprietaryRejection"), "failure"),
        ("105", in_process, Some("PendingSettlement"), "processing"),
        ("106.0", "Rejected", Some("Cancelled"), "Payment initiation has been canceled."),
        ("108.00", "Rejected", Some("PendingFailingSettlement"), "Insufficient funds"),
        ("110.00000", in_process, Some("PendingSettlement"), "initiated"),
        (
            "112.00",
            "Rejected",
            Some("ProprietaryRejection"),
            "Payment initiation has been declined.",
        ),
        ("116.00", "Rejected", Some("ProprietaryRejection"), "Insufficient funds"),
        ("117.00", "Rejected", Some("ProprietaryRejection"), "Permission denied"),
        ("118.00", "Rejected", Some("ProprietaryRejection"), "CUST"),
        ("119.00", "Rejected", Some("ProprietaryRejection"), "Order not executed"),
        ("100.99", done, None, "success"),
    ];
    let world = World::new();
    let before = world.balance("12345612345678").await;
    for (amount, status, reason, words) in table {
        let (_, found, detail) = outcome(&world, "mock-redirect", amount).await;
        assert_eq!(found, status, "{amount}");
        assert_eq!(detail["Status"], status, "{amount}");
        assert_eq!(detail["StatusDetail"]["StatusReason"], json!(reason), "{amount}");
        assert_eq!(detail["StatusDetail"]["StatusReasonDescription"], words, "{amount}");
    }
    let after = world.balance("12345612345678").await;
    assert_eq!(after - before, 10_100 + 10_099, "only the completed payments moved money");
}

#[tokio::test]
async fn a_lack_of_balance_is_rejected_like_108() {
    let world = World::new();
    let (_, status, detail) = outcome(&world, "ob-iron", "9900.01").await;
    assert_eq!(status, "Rejected");
    assert_eq!(detail["StatusDetail"]["StatusReasonDescription"], "Insufficient funds");
    let (_, status, _) = outcome(&world, "ob-iron", "9900.00").await;
    assert_eq!(status, "AcceptedCreditSettlementCompleted");
    assert_eq!(world.balance("80000112345601").await, 0);
}

/// Sends the order of a payment whose amount asks for a fault, and repeats it.
async fn fault(amount: &str) -> (World, String, Reply, Reply) {
    let world = World::new();
    let body = consent_body(amount);
    let (consent_id, token) = world.authorised("ob-modelo", &body).await;
    let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body)).broken();
    let first = world.api("ob-modelo", call.clone()).await;
    let again = world.api("ob-modelo", call).await;
    (world, consent_id, first, again)
}

#[tokio::test]
async fn faults_after_the_effect_leave_one_order_and_a_repetition_finds_it() {
    for (amount, status) in [("120.00", 0), ("122.00", 500), ("125.00", 201), ("126.00", 201)] {
        let (world, consent_id, first, again) = fault(amount).await;
        assert_eq!(first.status, status, "{amount}");
        if amount == "125.00" {
            assert!(serde_json::from_slice::<Value>(&first.bytes).is_err());
        }
        if amount == "126.00" {
            assert!(!world.signature_verifies("ob-modelo", &first).await);
        }
        assert_eq!(again.status, 201, "{amount}");
        assert!(world.signature_verifies("ob-modelo", &again).await);
        world.environment.advance(2_000);
        let books = world.books(&consent_id).await;
        assert_eq!((&books["accepted"], &books["executed"]), (&json!(1), &json!(1)), "{amount}");
        assert_eq!(books["posts"], 2);
    }
}

#[tokio::test]
async fn faults_before_the_effect_leave_nothing() {
    for (amount, status) in [("104.00", 403), ("121.00", 0), ("123.00", 503)] {
        let (world, consent_id, first, again) = fault(amount).await;
        assert_eq!((first.status, again.status), (status, status), "{amount}");
        let books = world.books(&consent_id).await;
        assert_eq!((&books["posts"], &books["accepted"]), (&json!(2), &json!(0)), "{amount}");
        assert_eq!(books["consent_status"], "Authorised");
    }
}

#[tokio::test]
async fn the_first_attempt_of_124_comes_too_early() {
    let (world, consent_id, first, again) = fault("124.00").await;
    assert_eq!((first.status, first.header("retry-after")), (429, "1"));
    assert_eq!(again.status, 201);
    assert_eq!(world.books(&consent_id).await["accepted"], 1);
}

#[tokio::test]
async fn unknown_payees_are_outside_and_a_british_iban_is_known() {
    let world = World::new();
    let money = world.all_money().await;
    for (scheme, identification, account) in [
        ("UK.OBIE.SortCodeAccountNumber", "99999999999999", "outside"),
        ("UK.OBIE.IBAN", "DE89370400440532013000", "outside"),
        ("UK.OBIE.IBAN", "GB00MODL70000170000005", "70000170000005"),
    ] {
        let mut body = consent_body("7.77");
        body["Data"]["Initiation"]["CreditorAccount"]["SchemeName"] = json!(scheme);
        body["Data"]["Initiation"]["CreditorAccount"]["Identification"] = json!(identification);
        let before = world.balance(account).await;
        let (consent_id, token) = world.authorised("ob-modelo", &body).await;
        let call = world.signed("/domestic-payments", &token, &order_body(&consent_id, &body));
        assert_eq!(world.api("ob-modelo", call).await.status, 201);
        world.environment.advance(2_000);
        assert_eq!(world.balance(account).await, before + 777, "{identification}");
    }
    assert_eq!(world.all_money().await, money);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    #[test]
    fn no_money_is_made_or_lost(
        payments in prop::collection::vec((0..3_usize, 1..1_500_000_i64, any::<bool>()), 1..6)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let money = world.all_money().await;
            let mut moved = 0;
            for (bank, pence, wait) in payments {
                let amount = format!("{}.{:02}", pence / 100, pence % 100);
                let (_, reply) = world.pay(BANKS[bank], &amount).await;
                moved += i32::from(reply.status == 201);
                if wait {
                    world.environment.advance(2_000);
                }
                prop_assert_eq!(world.all_money().await, money);
            }
            world.environment.advance(2_000);
            prop_assert_eq!(world.all_money().await, money);
            prop_assert!(moved > 0, "no order was ever accepted");
            let accounts = world.get("/sim/accounts").await.json();
            let rows = accounts.as_array().unwrap();
            let negative = rows.iter().any(|row| row["balance_minor"].as_i64() < Some(0));
            prop_assert!(!negative, "an account is overdrawn");
            Ok(())
        })?;
    }
}
