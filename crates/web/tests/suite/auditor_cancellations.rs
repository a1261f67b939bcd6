//! The auditor over cancellations of payments that a bank holds: every fault at every exchange of the
//! cancellation, and a death of the process at each. Judged by the banks' books and the public API.

use std::fmt::Write;

use jiff::SignedDuration;

use crate::cancel_at_bank::banks_that_cancel;
use crate::support::{Decision, Fault, World, world};

/// The faults of one exchange.
const FAULTS: [Fault; 4] =
    [Fault::NotSent, Fault::LostBefore, Fault::LostAfter, Fault::Instead(503)];

impl World {
    /// The member asks until it gets an answer, and the payer does what the bank wants.
    async fn cancel_and_audit(&self, id: &str, what: &str) {
        for _ in 0..3 {
            let answer = self.taken_back(id).await;
            assert!(answer.status < 500 || answer.status == 503, "{what}: {}", answer.text());
            self.cancellation_ends(id, Decision::Approve).await;
            self.half_a_minute().await;
            self.audit_books(id, what).await;
        }
    }

    /// Past the day of the payment; how it ended.
    async fn end_of(&self, id: &str, what: &str) -> String {
        for _ in 0..5 {
            self.pass(SignedDuration::from_hours(24 * 2)).await;
            self.half_a_minute().await;
        }
        self.audit_books(id, what).await;
        let status = self.status(id).await;
        let executed = self.at_the_bank(id).await.iter().any(|row| row["executed"] == 1);
        match status.as_str() {
            "CANCELED" => assert!(!executed, "{what}: {status}"),
            "INITIATION_COMPLETED" => assert!(executed, "{what}: {status}"),
            // Banks without payments for a later day execute soon, and here never report it.
            "INITIATION_PROCESSING" | "INITIATION_NO_FINAL_STATUS_AVAILABLE" => {
                assert!(executed, "{what}: {status}");
            }
            _ => panic!("{what}: {status}"),
        }
        status.trim_start_matches("INITIATION_").to_lowercase()
    }
}

/// The exchanges that a cancellation at that bank makes, beside those of a payment.
async fn operations_of(bank: &str) -> Vec<&'static str> {
    let world = &world().await;
    let id = world.held_until_its_day(bank).await;
    let before = world.wire.operations().len();
    world.cancel_and_audit(&id, "no fault").await;
    assert_eq!(world.status(&id).await, "CANCELED", "{bank}: without a fault");
    world.wire.operations().split_off(before)
}

#[tokio::test]
async fn every_exchange_of_a_cancellation_every_fault() {
    let mut table = String::new();
    for bank in banks_that_cancel() {
        writeln!(table, "## {bank}").unwrap();
        for operation in operations_of(bank).await {
            for fault in FAULTS {
                let world = &world().await;
                world.wire.expect_broken_answers();
                let what = format!("{bank}: {operation} {fault:?}");
                let id = world.held_until_its_day(bank).await;
                world.wire.plan(operation, fault, 1);
                world.cancel_and_audit(&id, &what).await;
                world.wire.forget_faults();
                let end = world.end_of(&id, &what).await;
                let fault = format!("{fault:?}");
                writeln!(table, "{operation:<35} {fault:<13} {end}").unwrap();
            }
        }
    }
    insta::assert_snapshot!(table);
}

/// The process dies with an exchange on its way, before or after the bank has it.
#[tokio::test]
async fn the_process_dies_at_every_exchange_of_a_cancellation() {
    for bank in banks_that_cancel() {
        for operation in operations_of(bank).await {
            for fault in [Fault::HeldBefore, Fault::HeldAfter] {
                let what = format!("{bank}: dies at {operation} {fault:?}");
                let mut world = world().await;
                let id = world.held_until_its_day(bank).await;
                world.wire.plan(operation, fault, 1);
                world.send_unless_held("DELETE", &format!("/v2/payments/{id}"), "").await;
                world.play_until_held(&id, bank).await;
                world.restart().await;
                world.wire.forget_faults();
                world.cancel_and_audit(&id, &what).await;
                world.end_of(&id, &what).await;
            }
        }
    }
}
