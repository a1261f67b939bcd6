//! Every status of a payment is reached, as its member is told: but those of settlement, which
//! begin with settlement accounts. And the table of all statuses.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use banks::directory::Directory;
use domain::bank::OrderProgress;
use domain::payment::Stage;
use domain::transfer as core;
use jiff::SignedDuration;
use serde_json::{Value, json};
use web::api::status::{PaymentStatus, TransferStatus, of_stage};

use crate::scenarios::usual_order;
use crate::support::{
    BANKS_TLS_URL, BANKS_URL, Decision, Fault, HOOKS_URL, World, hosted_order, id, order, order_of,
    with, worlds,
};

/// No payment has these before there are settlement accounts.
const OF_SETTLEMENT: [&str; 3] =
    ["SETTLEMENT_IN_PROGRESS", "SETTLEMENT_COMPLETED", "SETTLEMENT_INCOMPLETE"];

impl World {
    async fn played(&self, body: &Value, decision: Decision) {
        let payment = self.create(body).await;
        self.play_payer(&payment, decision).await;
        self.half_a_minute().await;
    }

    /// The statuses that the member was told of.
    fn told(&self) -> BTreeSet<String> {
        let statuses = self
            .wire
            .hooks()
            .into_iter()
            .filter_map(|hook| hook.json()["payment"]["status"].as_str().map(str::to_owned));
        statuses.collect()
    }
}

#[tokio::test]
async fn every_status_is_told_of() {
    for world in worlds().await {
        let config = json!({ "config": { "type": ["PAYMENT_STATUS_CHANGED"], "url": HOOKS_URL } });
        assert_eq!(world.put("/webhook/config", &config).await.status, 200);
        for bank in ["ob-modelo", "bg-ahorn", "stet-saule"] {
            world.played(&usual_order(bank), Decision::Approve).await;
        }
        world.played(&order_of("mock-redirect", "103"), Decision::Approve).await;
        world.played(&order_of("mock-redirect", "108"), Decision::Approve).await;
        world.played(&order(), Decision::Decline).await;
        let taken_back = world.create(&hosted_order()).await;
        world.delete(&format!("/v2/payments/{}", id(&taken_back))).await;
        let link = with(&hosted_order(), "initiation.flowType", "PAY_BY_LINK_HOSTED_PAGES");
        world.create(&link).await;
        world.wire.plan("create-domestic-payment-consent", Fault::NotSent, 5);
        world.create(&order()).await;
        world.pass(SignedDuration::from_mins(10)).await;
        world.half_a_minute().await;
        world.played(&order_of("mock-redirect", "105"), Decision::Approve).await;
        // The link expires, and the bank never has a last word.
        world.pass(SignedDuration::from_hours(31 * 24)).await;
        world.settle().await;

        let told = world.told();
        let mut all: BTreeSet<String> =
            PaymentStatus::ALL.iter().map(|status| status.name().to_owned()).collect();
        all.retain(|status| !OF_SETTLEMENT.contains(&status.as_str()));
        assert_eq!(all.len(), 19);
        assert_eq!(told, all, "{}", world.name);
    }
}

/// What banks say, and the reason beside it.
const WORDS: [(&str, Option<&str>); 33] = [
    ("RCVD", None),
    ("PDNG", None),
    ("PATC", None),
    ("PART", None),
    ("ACTC", None),
    ("ACCP", None),
    ("ACFC", None),
    ("ACWC", None),
    ("ACWP", None),
    ("ACSP", None),
    ("ACSC", None),
    ("ACCC", None),
    ("BLCK", None),
    ("RJCT", None),
    ("RJCT", Some("AM04")),
    ("RJCT", Some("CUST")),
    ("RJCT", Some("DS02")),
    ("RJCT", Some("AC04")),
    ("CANC", None),
    ("Pending", None),
    ("AcceptedTechnicalValidation", None),
    ("AcceptedCustomerProfile", None),
    ("AcceptedSettlementInProcess", None),
    ("AcceptedSettlementCompleted", None),
    ("AcceptedWithoutPosting", None),
    ("AcceptedCreditSettlementCompleted", None),
    ("Rejected", None),
    ("submitted", None),
    ("pending", None),
    ("scheduled", None),
    ("done", None),
    ("rejected", None),
    ("cancelled", None),
];
const STATUS_BANKS: [(&str, &str); 5] = [
    ("UK Open Banking 3.1", "ob-modelo"),
    ("UK Open Banking 4.0", "ob-quartz"),
    ("NextGenPSD2", "bg-linden"),
    ("STET", "stet-hetre"),
    ("PolishAPI", "pl-dab"),
];

/// Where an order stands after such a word.
fn stage_of(progress: OrderProgress) -> Option<Stage> {
    match progress {
        OrderProgress::InProcess => Some(Stage::Processing),
        OrderProgress::Completed => Some(Stage::Completed),
        OrderProgress::Rejected => Some(Stage::Rejected),
        OrderProgress::InsufficientFunds => Some(Stage::RejectedInsufficientFunds),
        OrderProgress::Declined => Some(Stage::Declined),
        OrderProgress::Unrecognised => None,
    }
}

/// `docs/statuses.md`: what banks say, in the words of v2 and v1.
fn statuses_document() -> String {
    let directory = Directory::simulated(BANKS_URL, BANKS_TLS_URL).unwrap();
    let mut text = "# Statuses\n\nMade of the code; a test compares it \
                    (`BASCULE_UPDATE_DOCS=1 cargo test -p web`).\n\n\
                    ## Payments and transfers\n\n\
                    Where a payment stands, and what it is called in v2 and, once it is a transfer, in \
                    v1. What v2 has one word for and v1 several is told apart by what the bank said.\n\n\
                    | stage | v2 | v1 |\n|---|---|---|\n"
        .to_owned();
    let said = [None, Some("failure"), Some("PERMISSION_DENIED"), Some("CANC, DS02")];
    for stage in Stage::ALL {
        let mut seen = vec![];
        for reason in said {
            let status = TransferStatus::from(core::TransferStatus::told(stage, reason, None));
            if !seen.contains(&status) {
                seen.push(status);
                let said = reason.map(|said| format!(" ({said})")).unwrap_or_default();
                let (v2, v1) = (of_stage(stage).name(), status.name());
                writeln!(text, "| `{}` | `{v2}` | `{v1}`{said} |", stage.name()).unwrap();
            }
        }
    }
    text.push_str(
        "\n## What banks say\n\nA word of a bank, with the ISO 20022 reason beside it where there is \
         one, and what a single payment is then called in v2 and v1. The word itself travels untouched \
         (`bankPaymentStatus`, `providerDetails.status`). Where a bank counts as done with less, or \
         only with more, its profile says so (`final_status`, here those of the simulated banks). A \
         word that a standard does not have concludes nothing: –.\n\n| word |",
    );
    for (standard, _) in STATUS_BANKS {
        write!(text, " {standard} |").unwrap();
    }
    text.push_str("\n|---|---|---|---|---|---|\n");
    for (word, reason) in WORDS {
        let code = reason.map(|code| format!(" {code}")).unwrap_or_default();
        write!(text, "| `{word}{code}` |").unwrap();
        for (_, id) in STATUS_BANKS {
            let progress = banks::statuses::progress(directory.get(id).unwrap(), word, reason);
            let cell = stage_of(progress).map(|stage| {
                let v1 = core::TransferStatus::told(stage, reason, Some(word));
                let (v2, v1) = (of_stage(stage).name(), TransferStatus::from(v1).name());
                format!("`{}`, `{v1}`", v2.trim_start_matches("INITIATION_"))
            });
            write!(text, " {} |", cell.unwrap_or_else(|| "–".to_owned())).unwrap();
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_document_of_statuses_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/statuses.md");
    let made = statuses_document();
    if std::env::var_os("BASCULE_UPDATE_DOCS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).is_ok_and(|committed| committed == made),
        "docs/statuses.md is not that of the code: BASCULE_UPDATE_DOCS=1 cargo test -p web"
    );
}
