//! Approvals that come late, early, twice or with a lost answer, judged by the bank's books.

use jiff::SignedDuration;
use serde_json::json;

use crate::scenarios::{BANKS, order_at};
use crate::support::visitor::customer_at;
use crate::support::{Decision, Fault, World, id, with, worlds};

const EXECUTING: [&str; 4] = ["bg-linden", "bg-birke", "bg-olmo", "stet-if"];
const UNKNOWN: &str = "INITIATION_PENDING_REDEMPTION_VERIFICATION";

fn usual(bank: &str) -> serde_json::Value {
    let debtor = BANKS.iter().find(|other| other.id == bank).and_then(|bank| bank.debtor);
    order_at(bank, debtor, "10.23")
}

impl World {
    pub async fn cases_of(&self, id: &str) -> Vec<String> {
        let id: domain::subject::Subject = id.parse().unwrap();
        let cases = self
            .app
            .db()
            .read(move |tx| store::unit(async move { store::cases::of_subject(tx, &id).await }))
            .await
            .unwrap();
        cases.into_iter().map(|case| case.kind).collect()
    }
}

/// The payer is named from the start, and the bank's answer to the creation is lost: the bank asks
/// the payer in its app, and one approval is one payment.
#[tokio::test]
async fn one_payment_stays_one_where_the_bank_asks_in_its_app() {
    for world in worlds().await {
        world.wire.expect_broken_answers();
        for (fault, times) in [
            (Fault::After(500), 1),
            (Fault::LostAfter, 1),
            (Fault::CutOff, 1),
            (Fault::After(500), 5),
        ] {
            for known in [true, false] {
                let what = format!("{}: {fault:?} {times} times, known {known}", world.name);
                world.wire.plan("create-payment", fault, times);
                let order = order_at("bg-birke", Some("DE21500105170000001078"), "122.00");
                let payer = json!({ "psuId": "birgit" });
                let order =
                    if known { with(&order, "initialEmbeddedAuth", payer.clone()) } else { order };
                let payment = world.create(&order).await;
                let id = id(&payment);
                if !known {
                    let path = format!("/v2/payments/{id}/embedded-auth");
                    world.post(&path, &json!({ "embeddedAuth": payer })).await;
                }
                assert_eq!(world.status(&id).await, UNKNOWN, "{what}");
                assert_eq!(world.at_the_bank(&id).await.len(), 1, "{what}: created once");
                assert_eq!(world.cases_of(&id).await, ["opening_answer_lost"], "{what}");
                let cancelled = world.delete(&format!("/v2/payments/{id}")).await;
                assert_eq!(cancelled.status, 400, "{what}: {}", cancelled.text());
                for _ in 0..6 {
                    world.bank_post("/sim/app/bg-birke/birgit", &[("decision", "approve")]).await;
                }
                world.half_a_day().await;
                assert_eq!(world.status(&id).await, UNKNOWN, "{what}");
                assert_eq!(world.posted_and_executed(&id).await, (1, 1), "{what}");
                world.pass(SignedDuration::from_hours(31 * 24)).await;
                let ended = world.payment(&id).await;
                assert_eq!(ended["status"], "INITIATION_NO_FINAL_STATUS_AVAILABLE", "{what}");
                world.wire.forget_faults();
            }
        }
    }
}

/// Our clock is not the bank's word: an approval that is later than our deadline counts, as long as the
/// bank has not cancelled the payment, or does not cancel at all.
#[tokio::test]
async fn an_approval_after_our_deadline_counts_at_banks_that_execute() {
    for world in worlds().await {
        for bank in EXECUTING {
            let cancels = cancels(bank);
            let payment = world.create(&usual(bank)).await;
            let id = id(&payment);
            // A payer who is asked by an app has identified already.
            if bank == "bg-birke" {
                let path = format!("/v2/payments/{id}/embedded-auth");
                world.post(&path, &json!({ "embeddedAuth": { "psuId": "bernd" } })).await;
            }
            if cancels {
                // The payer is faster than our next question.
                world.clock.advance(SignedDuration::from_mins(41));
                match payment["authentication"]["redirectUrl"].as_str() {
                    Some(url) => world.visit(url, customer_at(bank)).await,
                    None => world.decide_in_app(bank, Decision::Approve).await,
                }
            } else {
                world.pass(SignedDuration::from_mins(41)).await;
                world.approve_once(&id, bank).await;
            }
            world.pass(SignedDuration::from_mins(30)).await;
            world.pass(SignedDuration::from_hours(2)).await;
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{}: {bank}", world.name);
            world.audit_books(&id, bank).await;
        }
    }
}

fn cancels(bank: &str) -> bool {
    let directory = banks::Directory::simulated("http://localhost:8001", "https://localhost:8002");
    directory.unwrap().get(bank).unwrap().can(banks::profile::Capability::Cancellation)
}

/// At other banks the time ends the payment, after one more question.
#[tokio::test]
async fn a_deadline_is_followed_by_a_last_question() {
    for world in worlds().await {
        let id = id(&world.create(&usual("ob-iron")).await);
        let asked = world.wire.count("get-domestic-payment-consent");
        world.pass(SignedDuration::from_mins(41)).await;
        assert_eq!(world.status(&id).await, "INITIATION_EXPIRED");
        assert_eq!(world.wire.count("get-domestic-payment-consent"), asked + 1);
    }
}

/// The clock jumps by more than a month while the bank executes.
#[tokio::test]
async fn a_clock_that_jumps_ahead_ends_nothing_without_a_question() {
    for world in worlds().await {
        for bank in ["ob-iron", "bg-linden", "stet-hetre", "pl-dab"] {
            let payment = world.create(&usual(bank)).await;
            world.approve_once(&id(&payment), bank).await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_PROCESSING", "{bank}");
            world.pass(SignedDuration::from_hours(32 * 24)).await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{bank}");
        }
    }
}

/// A clock that is set back by an hour stops nothing that was due.
#[tokio::test]
async fn a_clock_that_is_set_back_stops_no_job() {
    for world in worlds().await {
        world.settle().await;
        let payment = world.create(&usual("ob-iron")).await;
        world.approve_once(&id(&payment), "ob-iron").await;
        assert_eq!(world.status(&id(&payment)).await, "INITIATION_PROCESSING");
        world.clock.advance(SignedDuration::from_secs(-3600));
        world.settle().await;
        // The bank's own clock went back, too.
        for _ in 0..3 {
            world.half_a_minute().await;
        }
        let asked = world.wire.count("get-domestic-payment");
        assert!(asked >= 3, "{}: asked {asked} times", world.name);
    }
}

/// The callback of the bank's app is faster than the answer to the message that it follows from.
#[tokio::test]
async fn a_callback_before_the_answer_is_kept() {
    for world in worlds().await {
        let payment = world.create(&usual("pl-sosna")).await;
        let id = id(&payment);
        world.wire.plan("authorize-by-code", Fault::HeldAfter, 1);
        let code = world.code_of_app("pl-sosna").await;
        let body = json!({ "embeddedAuth": { "eatCode": code } }).to_string();
        let path = format!("/v2/payments/{id}/embedded-auth");
        assert!(!world.send_unless_held("POST", &path, &body).await, "the answer is held");
        world.decide_in_app("pl-sosna", Decision::Approve).await;
        world.bring_callbacks().await;
        world.wire.release();
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{}", world.name);
        world.audit_books(&id, "early callback").await;
    }
}

/// Two tabs sign in before the payment exists; both return.
#[tokio::test]
async fn two_tabs_at_the_sign_in() {
    for world in worlds().await {
        let payment = world.create(&usual("bg-encina")).await;
        let id = id(&payment);
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let one = world.walk_pages(url, Decision::Approve).await;
        let two = world.walk_pages(url, Decision::Approve).await;
        world.page(&one).await;
        world.page(&two).await;
        world.settle().await;
        let shown = world.payment(&id).await;
        assert_eq!(shown["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{shown}");
        world.approve_once(&id, "bg-encina").await;
        world.half_a_minute().await;
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{}", world.name);
        world.audit_books(&id, "two tabs").await;
    }
}

/// A code is sent once. Where the access token is lost and no order exists, the payer approves again.
#[tokio::test]
async fn a_lost_access_token_lets_the_payer_approve_again() {
    for world in worlds().await {
        world.wire.expect_broken_answers();
        for bank in ["ob-iron", "ob-onyx", "pl-dab", "bg-encina"] {
            let payment = world.create(&usual(bank)).await;
            let id = id(&payment);
            let first = payment["authentication"]["redirectUrl"].as_str().unwrap().to_owned();
            let before = world.wire.count("exchange-code");
            world.wire.plan("exchange-code", Fault::LostAfter, 1);
            world.play_redirect(&first, Decision::Approve).await;
            world.settle().await;
            assert_eq!(world.wire.count("exchange-code"), before + 1, "{bank}: sent once");
            let again = world.payment(&id).await;
            assert_eq!(again["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{bank}: {again}");
            let words = again["statusReasonInformation"].as_str().unwrap_or_default();
            assert_eq!(words, "", "{bank}: a payer who can approve needs no reason: {again}");
            assert_ne!(again["authentication"]["redirectUrl"], first, "{bank}: {again}");
            world.approve_once(&id, bank).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{bank}");
            world.audit_books(&id, bank).await;
        }
    }
}

/// A program that previews an address uses nothing up.
#[tokio::test]
async fn head_changes_nothing() {
    for world in worlds().await {
        let payment = world.create(&usual("bg-pino")).await;
        let url = payment["authentication"]["redirectUrl"].as_str().unwrap();
        let callback = world.walk_pages(url, Decision::Approve).await;
        let request = http::Request::head(&callback).body(axum::body::Body::empty()).unwrap();
        assert_eq!(world.send_unjudged(request).await.status, 200);
        let shown = world.payment(&id(&payment)).await;
        assert_eq!(shown["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{shown}");
        assert_eq!(shown["updatedDateTime"], payment["updatedDateTime"], "{shown}");
    }
}

/// The browser continues to the shop at once; the payment stays pending while the bank waits.
#[tokio::test]
async fn a_denial_that_nobody_signed_goes_back_to_the_shop_and_ends_nothing() {
    for world in worlds().await {
        for bank in ["ob-iron", "ob-onyx", "bg-linden", "stet-chene", "pl-dab"] {
            let payment = world.create(&usual(bank)).await;
            let id = id(&payment);
            let core = id.split(':').nth(1).unwrap().to_owned();
            let state = world.oauth_state_of(&id).await;
            assert!(!state.contains(&core), "{bank}: the page's address follows from {state}");
            let page = format!(
                "/callback?state={state}&error=access_denied&error_description=Call+us+now"
            );
            let answer = world.page(&page).await;
            assert_eq!(answer.status, 303, "{bank}: {}", answer.text());
            let location = answer.header("location");
            assert!(location.starts_with("https://shop.example/"), "{bank}: {location}");
            assert!(location.contains("error=access_denied"), "{bank}: {location}");
            assert!(!location.contains("Call"), "{bank}: {location}");
            world.half_a_minute().await;
            let shown = world.payment(&id).await;
            assert_eq!(shown["status"], "INITIATION_PENDING_REDIRECT_AUTH", "{bank}: {shown}");
            world.approve_once(&id, bank).await;
            for _ in 0..3 {
                world.half_a_minute().await;
            }
            assert_eq!(world.status(&id).await, "INITIATION_COMPLETED", "{bank}");
        }
    }
}

/// After the death of a process, the request that it was carrying out may be repeated at once.
#[tokio::test]
async fn a_restart_frees_what_the_dead_process_held() {
    for mut world in worlds().await {
        world.wire.plan("create-domestic-payment-consent", Fault::HeldBefore, 1);
        let body = usual("ob-iron").to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "k-1")];
        let request = world.request("POST", "/v2/payments", body.as_bytes(), &headers);
        assert!(!world.send_requested_unless_held(request).await);
        let again = world.request("POST", "/v2/payments", body.as_bytes(), &headers);
        assert_eq!(world.send(again).await.status, 409);
        world.restart_at_once().await;
        let again = world.request("POST", "/v2/payments", body.as_bytes(), &headers);
        let answer = world.send(again).await;
        assert_eq!(answer.status, 200, "{}: {}", world.name, answer.text());
        let listed = world.get("/v2/payments?limit=10").await.json();
        assert_eq!(listed["payments"].as_array().unwrap().len(), 1, "{listed}");
    }
}
