//! Access tokens that expire before the bank's final status: a refresh token gets another one, one
//! request at a time, and a refusal is a fact.

use jiff::SignedDuration;
use serde_json::Value;

use crate::scenarios::usual_order;
use crate::support::{Decision, Fault, World, id, with, worlds};

/// PolishAPI asks with the payer's token; `pl-sosna` takes each refresh token once.
const BANKS: [&str; 3] = ["pl-dab", "pl-brzoza", "pl-sosna"];
/// A Monday, a week after the tests' today.
const DAY: &str = "2026-01-12";

fn for_later(bank: &str) -> Value {
    with(&usual_order(bank), "initiation.executionDate", DAY)
}

impl World {
    async fn held_for_a_week(&self, bank: &str) -> String {
        let payment = self.create(&for_later(bank)).await;
        self.play_payer(&payment, Decision::Approve).await;
        self.half_a_minute().await;
        assert_eq!(self.status(&id(&payment)).await, "INITIATION_PROCESSING", "{bank}");
        id(&payment)
    }
}

#[tokio::test]
async fn a_payment_for_a_later_day_is_asked_about_after_its_first_token_has_ended() {
    for world in worlds().await {
        let mut held = vec![];
        for bank in BANKS {
            held.push((bank, world.held_for_a_week(bank).await));
        }
        assert_eq!(world.wire.count("refresh-token"), 0);
        world.pass(SignedDuration::from_hours(24 * 9)).await;
        for (bank, id) in &held {
            assert_eq!(world.status(id).await, "INITIATION_COMPLETED", "{bank}");
            assert_eq!(world.posted_and_executed(id).await, (1, 1), "{bank}");
        }
        assert!(world.wire.count("refresh-token") >= BANKS.len());
    }
}

#[tokio::test]
async fn a_cancellation_has_a_fresh_token_too() {
    for world in worlds().await {
        for bank in BANKS {
            let id = world.held_for_a_week(bank).await;
            world.pass(SignedDuration::from_hours(5)).await;
            world.delete(&format!("/v2/payments/{id}")).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id).await, "CANCELED", "{bank}");
        }
    }
}

/// The answer with the other token is lost: a bank that takes a refresh token once takes it no more.
#[tokio::test]
async fn a_lost_refresh_ends_access_only_where_the_bank_says_so() {
    let ends = [
        ("pl-brzoza", "INITIATION_COMPLETED"),
        ("pl-sosna", "INITIATION_NO_FINAL_STATUS_AVAILABLE"),
    ];
    for (bank, status) in ends {
        for world in worlds().await {
            let id = world.held_for_a_week(bank).await;
            world.wire.expect_broken_answers();
            world.wire.plan("refresh-token", Fault::LostAfter, 1);
            for _ in 0..12 {
                world.pass(SignedDuration::from_hours(24 * 4)).await;
            }
            assert_eq!(world.status(&id).await, status, "{bank}");
            assert_eq!(world.posted_and_executed(&id).await, (1, 1), "{bank}");
        }
    }
}

#[tokio::test]
async fn a_bank_that_cannot_be_reached_is_asked_for_a_token_again() {
    for world in worlds().await {
        let id = world.held_for_a_week("pl-sosna").await;
        world.wire.expect_broken_answers();
        world.wire.plan("refresh-token", Fault::NotSent, 3);
        world.pass(SignedDuration::from_hours(24 * 9)).await;
        for _ in 0..4 {
            world.pass(SignedDuration::from_mins(10)).await;
        }
        assert_eq!(world.status(&id).await, "INITIATION_COMPLETED");
    }
}
