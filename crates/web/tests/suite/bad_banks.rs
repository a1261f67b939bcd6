//! Banks that lie, cut off, babble or point elsewhere: each operation of each standard answers once
//! in each of these ways. In each case the payment ends in a clear status or waits for a person,
//! no order is sent twice, nothing is called paid that is not, and nobody is led to a stranger.

use jiff::SignedDuration;

use crate::scenarios::{BANKS, Bank, order_at};
use crate::support::{Decision, Fault, World, id, worlds};

/// Deep enough to overflow a careless reader.
const DEEP: &str = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\
    [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[";

const FAULTS: [Fault; 14] = [
    Fault::CutOff,
    Fault::Garbage,
    Fault::Says("null"),
    Fault::Says("{}"),
    Fault::Says("[]"),
    Fault::Says(DEEP),
    Fault::Says(
        "{\"access_token\":7,\"Data\":7,\"paymentId\":{},\"_links\":\"none\",\
        \"transactionStatus\":[],\"scaStatus\":9,\"paymentRequest\":\"x\"}",
    ),
    Fault::Huge,
    Fault::OtherHost,
    Fault::Unsigned,
    Fault::Elsewhere,
    Fault::Instead(500),
    Fault::Instead(403),
    Fault::LostAfter,
];

impl World {
    async fn paid(&self, bank: &Bank) -> String {
        let payment = self.create(&order_at(bank.id, bank.debtor, "10.23")).await;
        self.play_payer_as_far_as_possible(&payment, Decision::Approve).await;
        self.half_a_minute().await;
        id(&payment)
    }

    async fn every_operation_of(&self, bank: &Bank) {
        let before = self.wire.operations().len();
        self.paid(bank).await;
        let operations = self.wire.operations().split_off(before);
        assert!(!operations.is_empty(), "{}: nothing was asked", bank.id);
        for operation in operations {
            for fault in FAULTS {
                let what = format!("{}: {operation} {fault:?}", bank.id);
                self.wire.plan(operation, fault, 1);
                let id = self.paid(bank).await;
                for _ in 0..3 {
                    self.pass(SignedDuration::from_hours(1)).await;
                }
                self.wire.forget_faults();
                self.audit(&id, &what).await;
                let payment = self.payment(&id).await;
                let url = payment["authentication"]["redirectUrl"].as_str().unwrap_or("");
                assert!(!url.contains("stranger"), "{what}: {payment}");
            }
        }
    }
}

async fn banks_of(prefix: &str) {
    for bank in BANKS.iter().filter(|bank| bank.id.starts_with(prefix)) {
        // Banks' answers do not depend on the database, so one is enough. Each bank has a
        // fresh world: its operations are then seen for the first time.
        let worlds = worlds().await;
        worlds[0].every_operation_of(bank).await;
    }
}

#[tokio::test]
async fn uk_open_banking() {
    banks_of("ob-").await;
}

#[tokio::test]
async fn next_gen_psd2() {
    banks_of("bg-").await;
}

#[tokio::test]
async fn stet() {
    banks_of("stet-").await;
}

#[tokio::test]
async fn polish_api() {
    banks_of("pl-").await;
}
