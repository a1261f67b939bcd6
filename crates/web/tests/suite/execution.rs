//! How and when a payment is executed: banks that close, days to come, and the rail that is chosen
//! for `AUTO_SELECT`. The clock shows Monday, 5 January 2026, 10:00 UTC when a test begins.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::scenarios::order_at;
use crate::support::fields::{EXPECTED, FORMAT, INVALID, expect};
use crate::support::{Decision, Fault, World, hosted_order, id, order, with, worlds};

/// Closed from 15:00 for SEPA, and at weekends: `banks/sim/bg-pino.toml`.
const CLOSES: &str = "bg-pino";
const ACCOUNT: &str = "IT11X0542811101000000001148";

fn at_the_bank_that_closes() -> Value {
    order_at(CLOSES, Some(ACCOUNT), "10.23")
}

impl World {
    async fn go_to(&self, moment: &str) {
        let moment: Timestamp = moment.parse().unwrap();
        self.pass(moment.duration_since(self.now())).await;
        assert_eq!(self.now(), moment);
    }

    /// Whether it was converted, and the day that it is for.
    async fn day(&self, id: &str) -> (bool, Value) {
        let payment = self.payment(id).await;
        let converted = payment["convertedToFutureDatedPayment"].as_bool().unwrap();
        (converted, payment["initiation"]["executionDate"].clone())
    }
}

#[tokio::test]
async fn a_payment_outside_the_hours_is_converted_and_executed_on_the_next_working_day() {
    for world in worlds().await {
        world.go_to("2026-01-09T14:30:00Z").await;
        let payment = world.create(&at_the_bank_that_closes()).await;
        assert_eq!(payment["convertedToFutureDatedPayment"], true);
        assert_eq!(payment["initiation"]["executionDate"], "2026-01-12");
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        let id = id(&payment);
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING");
        let page = world.page(&format!("/session/{id}")).await.text();
        assert!(page.contains("will make it on its next working day"), "{page}");
        world.go_to("2026-01-11T12:00:00Z").await;
        assert_eq!(world.status(&id).await, "INITIATION_PROCESSING", "on Sunday");
        assert_eq!(world.posted_and_executed(&id).await.1, 0);
        world.go_to("2026-01-12T12:00:00Z").await;
        world.settle().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "on Monday");
        assert_eq!(world.day(&id).await, (true, json!("2026-01-12")), "for good");
        let listed = world.get("/v2/payments").await.json();
        assert_eq!(listed["payments"][0]["convertedToFutureDatedPayment"], true);
    }
}

#[tokio::test]
async fn until_the_cut_off_and_before_the_opening_a_payment_is_immediate() {
    let monday = [
        // The bank is an hour ahead of UTC.
        ("2026-01-06T03:00:00Z", None),
        ("2026-01-06T13:59:59Z", None),
        ("2026-01-06T14:00:00Z", Some("2026-01-07")),
        ("2026-01-06T22:59:59Z", Some("2026-01-07")),
        // It is Wednesday there.
        ("2026-01-06T23:00:00Z", None),
        // Easter: 3 to 6 April; from then on two hours ahead.
        ("2026-04-02T12:59:59Z", None),
        ("2026-04-02T13:00:00Z", Some("2026-04-07")),
        ("2026-04-05T10:00:00Z", Some("2026-04-07")),
        ("2026-12-24T15:00:00Z", Some("2026-12-28")),
    ];
    for world in worlds().await {
        for (moment, day) in monday {
            world.go_to(moment).await;
            let payment = world.create(&at_the_bank_that_closes()).await;
            let expected = (day.is_some(), json!(day));
            assert_eq!(world.day(&id(&payment)).await, expected, "{moment}");
        }
    }
}

#[tokio::test]
async fn a_payment_stays_immediate_where_conversion_is_disabled_or_the_bank_has_no_later_days() {
    let disabled = "initiation.disableFutureDatedPaymentConversion";
    for world in worlds().await {
        world.go_to("2026-01-10T10:00:00Z").await;
        let payment = world.create(&with(&at_the_bank_that_closes(), disabled, true)).await;
        assert_eq!(world.day(&id(&payment)).await, (false, Value::Null));
        world.play_payer(&payment, Decision::Approve).await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PROCESSING", "the bank's matter");
        // SEPA without future-dated payments; a bank that is always open.
        for (bank, account) in
            [("bg-birke", "DE11500105170000001064"), ("bg-linden", "DE65700202700000001008")]
        {
            let payment = world.create(&order_at(bank, Some(account), "10.23")).await;
            assert_eq!(world.day(&id(&payment)).await, (false, Value::Null), "{bank}");
        }
        let payment = world.create(&order()).await;
        assert_eq!(world.day(&id(&payment)).await, (false, Value::Null), "Faster Payments");
    }
}

/// Midsummer Eve, a Friday: Bankgirot is closed. The rail has no rule of its own in the bank's file.
#[tokio::test]
async fn a_giro_waits_for_the_next_working_day_of_its_country() {
    for world in worlds().await {
        let order = order_at("bg-bjork", None, "10.23");
        let order = with(&order, "initiation.localInstrument", "BANKGIRO");
        let order = with(&order, "initiation.amount.currency", "SEK");
        let creditor = json!({ "bankgiroNumber": "50501055", "name": "Customer Inc." });
        let order = with(&order, "initiation.creditor", creditor);
        for (moment, day) in [
            ("2026-06-18T10:00:00Z", None),
            ("2026-06-19T10:00:00Z", Some("2026-06-22")),
            ("2026-06-22T10:00:00Z", None),
        ] {
            world.go_to(moment).await;
            let payment = world.create(&order).await;
            assert_eq!(world.day(&id(&payment)).await, (day.is_some(), json!(day)), "{moment}");
        }
    }
}

/// The day is recorded before anything is sent, and another try does not change it.
#[tokio::test]
async fn what_was_decided_stays_when_the_bank_answers_after_midnight() {
    for mut world in worlds().await {
        world.go_to("2026-01-06T22:59:00Z").await;
        world.wire.plan("create-payment", Fault::NotSent, 1);
        let payment = world.create(&at_the_bank_that_closes()).await;
        assert_eq!(payment["status"], "INITIATION_PENDING");
        assert_eq!(world.day(&id(&payment)).await, (true, json!("2026-01-07")));
        world.restart().await;
        world.settle().await;
        assert!(world.now() > "2026-01-06T23:00:00Z".parse().unwrap(), "Wednesday has come");
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PENDING_REDIRECT_AUTH");
        assert_eq!(world.day(&id(&payment)).await, (true, json!("2026-01-07")));
    }
}

#[tokio::test]
async fn an_execution_date_is_a_day_to_come_within_a_year() {
    let cases = [
        ("2026-01-06", ""),
        ("2027-01-06", ""),
        ("2027-01-07", INVALID),
        ("2026-01-05", INVALID),
        ("2026-01-04", INVALID),
        ("1970-01-01", INVALID),
        ("2026-02-29", FORMAT),
        ("2026-1-6", FORMAT),
        // A time, a zone or a suffix says something else than a day.
        ("2026-01-06T12:00:00", FORMAT),
        ("2026-01-06T00:00:00Z", FORMAT),
        ("2026-01-06 12:00", FORMAT),
        ("2026-01-06[Europe/London]", FORMAT),
        ("2026-01-06Z", FORMAT),
        ("2026-01-06+01:00", FORMAT),
        ("20260106T12", FORMAT),
        ("2026-01-06 ", FORMAT),
        ("20260106", ""),
        ("06.01.2026", FORMAT),
        ("tomorrow", FORMAT),
    ];
    for world in worlds().await {
        for (day, code) in cases {
            let body = with(&hosted_order(), "initiation.executionDate", day);
            let shown = expect(&world, &body, code, "executionDate", day).await;
            if code.is_empty() {
                assert_eq!(
                    shown["executionDate"].as_str().unwrap().replace('-', ""),
                    day.replace('-', "")
                );
            }
        }
        // A bank without such payments.
        let body =
            with(&order_at("bg-tulp", None, "10.23"), "initiation.executionDate", "2026-01-07");
        let answer = world.post("/v2/payments", &body).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        assert_eq!(answer.json()["error"]["bankId"], "bg-tulp");
    }
}

#[tokio::test]
async fn an_execution_date_is_executed_then_and_moves_from_a_day_on_which_the_bank_is_closed() {
    for world in worlds().await {
        let on = |bank: &str, account, day: &str| {
            with(&order_at(bank, account, "10.23"), "initiation.executionDate", day)
        };
        let sunday = world.create(&on(CLOSES, Some(ACCOUNT), "2026-01-11")).await;
        assert_eq!(world.day(&id(&sunday)).await, (false, json!("2026-01-12")), "moved");
        let labour_day = world.create(&on(CLOSES, Some(ACCOUNT), "2026-05-01")).await;
        assert_eq!(world.day(&id(&labour_day)).await, (false, json!("2026-05-04")));
        let british = world.create(&on("ob-iron", None, "2026-01-11")).await;
        assert_eq!(world.day(&id(&british)).await, (false, json!("2026-01-11")), "always open");
        world.decide(&british, Decision::Approve).await;
        world.half_a_minute().await;
        let at_the_bank = world.at_the_bank(&id(&british)).await;
        assert_eq!(at_the_bank.len(), 1, "{at_the_bank:?}");
        assert_eq!(world.posted_and_executed(&id(&british)).await, (1, 0));
        world.go_to("2026-01-11T12:00:00Z").await;
        world.half_a_minute().await;
        assert_eq!(world.posted_and_executed(&id(&british)).await, (1, 1));
    }
}

/// A day that has come at the bank while the payer thought about it.
#[tokio::test]
async fn a_day_that_has_begun_at_the_bank_is_paid_at_once() {
    for world in worlds().await {
        // In Italy it is the 7th.
        world.go_to("2026-01-06T23:30:00Z").await;
        let body = with(&at_the_bank_that_closes(), "initiation.executionDate", "2026-01-07");
        let payment = world.create(&body).await;
        assert_eq!(world.day(&id(&payment)).await, (false, json!("2026-01-07")), "as asked");
        world.play_payer(&payment, Decision::Approve).await;
        world.go_to("2026-01-07T10:00:00Z").await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED");
    }
}

#[tokio::test]
async fn on_the_hosted_pages_it_is_decided_when_the_payer_chooses_the_bank() {
    let body = at_the_bank_that_closes();
    let body = with(&body, "initiation.flowType", "FULL_HOSTED_PAGES");
    let body = with(&body, "initiation.localInstrument", "AUTO_SELECT");
    for world in worlds().await {
        world.go_to("2026-01-06T13:50:00Z").await;
        let payment = world.create(&body).await;
        let id = id(&payment);
        assert_eq!(world.day(&id).await, (false, Value::Null));
        assert!(payment["selectedLocalInstrument"].is_null(), "nothing is decided yet");
        world.pass(SignedDuration::from_mins(20)).await;
        let chosen = world.submit(&format!("/session/{id}"), &[("bank-id", CLOSES)]).await;
        assert_eq!(chosen.status, 303, "{}", chosen.text());
        assert_eq!(world.day(&id).await, (true, json!("2026-01-07")));
        assert_eq!(world.payment(&id).await["selectedLocalInstrument"], "SEPA");
    }
}

fn auto_select(bank: &str, account: Option<&str>, amount: &str) -> Value {
    with(&order_at(bank, account, amount), "initiation.localInstrument", "AUTO_SELECT")
}

#[tokio::test]
async fn auto_select_takes_the_best_rail_of_the_bank_and_tells_it() {
    let german = Some("DE65700202700000001008");
    let cases = [
        ("bg-linden", german, "10.23", "SEPA_INSTANT"),
        // Up to 1000.00 at once: `banks/sim/bg-tulp.toml`.
        ("bg-tulp", None, "1000.00", "SEPA_INSTANT"),
        ("bg-tulp", None, "1000.01", "SEPA"),
        ("bg-pino", Some(ACCOUNT), "10.23", "SEPA"),
        ("ob-iron", None, "10.23", "FASTER_PAYMENTS"),
        ("pl-dab", None, "10.23", "ELIXIR"),
        ("stet-chene", None, "10.23", "SEPA_INSTANT"),
    ];
    for world in worlds().await {
        for (bank, account, amount, rail) in cases {
            let payment = world.create(&auto_select(bank, account, amount)).await;
            assert_eq!(payment["selectedLocalInstrument"], rail, "{bank} {amount}");
            assert_eq!(payment["initiation"]["localInstrument"], "AUTO_SELECT", "as asked");
            let sent = world.bank_json("/sim/exchanges?limit=5").await.to_string();
            match (bank.split('-').next(), rail) {
                (Some("bg"), "SEPA_INSTANT") => {
                    assert!(
                        sent.contains("/instant-sepa-credit-transfers"),
                        "{bank} {amount}: {sent}"
                    );
                }
                (Some("bg"), _) => {
                    assert!(sent.contains("/sepa-credit-transfers"), "{bank}: {sent}")
                }
                (Some("stet"), _) => assert!(sent.contains("INST"), "{bank}: {sent}"),
                _ => {}
            }
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{bank}");
        }
        let named = world.create(&order()).await;
        assert!(named["selectedLocalInstrument"].is_null(), "nothing was chosen");
    }
}

#[tokio::test]
async fn a_rail_or_an_amount_that_the_bank_does_not_have_is_refused_in_its_name() {
    for world in worlds().await {
        let instant = with(
            &order_at("bg-birke", Some("DE11500105170000001064"), "10.23"),
            "initiation.localInstrument",
            "SEPA_INSTANT",
        );
        let pounds_in_germany = with(
            &with(&order(), "initiation.bankId", "bg-linden"),
            "initiation.localInstrument",
            "AUTO_SELECT",
        );
        for body in [instant, pounds_in_germany] {
            let answer = world.post("/v2/payments", &body).await;
            assert_eq!(answer.status, 400, "{}", answer.text());
            assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        }
        let much = with(
            &order_at("bg-tulp", None, "1000.01"),
            "initiation.localInstrument",
            "SEPA_INSTANT",
        );
        let error = expect(&world, &much, INVALID, "amount.value", "too much").await;
        assert_eq!(error["message"], "Bank `bg-tulp`: the amount should be at most 1000.00 EUR.");
    }
}

#[tokio::test]
async fn what_a_bank_wants_or_has_not_is_told_before_anything_is_kept() {
    for world in worlds().await {
        // Funds are confirmed by this bank's standard, but not by this bank's.
        let body = with(&order_at("bg-tulp", None, "10.23"), "initiation.confirmFunds", true);
        let answer = world.post("/v2/payments", &body).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        // No standard confirms funds of a later day.
        let body = with(&order(), "initiation.confirmFunds", true);
        let later = with(&body, "initiation.executionDate", "2026-01-07");
        let answer = world.post("/v2/payments", &later).await;
        assert_eq!(answer.json()["error"]["errorCode"], "Bank.FeatureNotSupported");
        assert_eq!(world.post("/v2/payments", &body).await.status, 200);
        // A refund account is returned if the bank has it; at other banks the payment continues.
        let body = with(&order_at("pl-dab", None, "10.23"), "initiation.returnRefundAccount", true);
        assert_eq!(world.create(&body).await["initiation"]["returnRefundAccount"], true);
        // British banks want town and country of a delivery.
        let body =
            with(&order(), "initiation.risk", json!({ "deliveryAddress": { "country": "GB" } }));
        expect(&world, &body, EXPECTED, "risk.deliveryAddress.townName", "no town").await;
        let payments = world.get("/v2/payments").await.json();
        assert_eq!(payments["payments"].as_array().unwrap().len(), 2, "the rest was not kept");
    }
}
