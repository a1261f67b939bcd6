//! `docs/statuses.md`: made of the code, and compared with the words that the standards publish.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use banks::BankProfile;
use banks::directory::Directory;
use banks::profile::Standard;
use banks::status_reason::decline;
use banks::statuses::{OrderKind, consent, progress, sca};
use domain::bank::OrderProgress;
use domain::payment::Stage;
use domain::transfer as core;
use serde_json::Value;
use web::api::status::{TransferStatus, of_stage};

use crate::support::{BANKS_TLS_URL, BANKS_URL};

/// The words for a payment at once or on a later day. A row that means nothing anywhere is left out.
const PAYMENT_WORDS: [&str; 31] = [
    "RCVD",
    "PDNG",
    "PATC",
    "PART",
    "ACTC",
    "ACCP",
    "ACFC",
    "ACSP",
    "ACWC",
    "ACSC",
    "ACWP",
    "ACCC",
    "BLCK",
    "RJCT",
    "CANC",
    "Pending",
    "AcceptedSettlementInProcess",
    "AcceptedSettlementCompleted",
    "AcceptedWithoutPosting",
    "AcceptedCreditSettlementCompleted",
    "Rejected",
    "InitiationPending",
    "InitiationCompleted",
    "InitiationFailed",
    "Cancelled",
    "submitted",
    "pending",
    "scheduled",
    "done",
    "rejected",
    "cancelled",
];
/// The words for a standing order.
const STANDING_ORDER_WORDS: [&str; 25] = [
    "RCVD",
    "PDNG",
    "PATC",
    "PART",
    "ACTC",
    "ACCP",
    "ACFC",
    "ACSP",
    "ACWC",
    "ACSC",
    "ACWP",
    "ACCC",
    "RJCT",
    "CANC",
    "INCO",
    "INFA",
    "InitiationPending",
    "InitiationCompleted",
    "InitiationFailed",
    "Cancelled",
    "submitted",
    "inProgress",
    "close",
    "cancelled",
    "BLCK",
];
/// The codes of ISO 20022 that say more than "rejected", and some that do not.
const REASONS: [&str; 7] = ["AM04", "CUST", "DS02", "NOAS", "AC04", "MS03", "FRAD"];
const CONSENT_WORDS: [&str; 8] =
    ["AwaitingAuthorisation", "Authorised", "Consumed", "Rejected", "AWAU", "AUTH", "COND", "RJCT"];
const SCA_WORDS: [&str; 9] = [
    "received",
    "psuIdentified",
    "psuAuthenticated",
    "scaMethodSelected",
    "started",
    "unconfirmed",
    "finalised",
    "exempted",
    "failed",
];

/// A standard, and the simulated bank whose profile reads its words here.
const BANKS: [(&str, &str); 5] = [
    ("UK Open Banking 3.1", "ob-modelo"),
    ("UK Open Banking 4.0", "ob-quartz"),
    ("NextGenPSD2", "bg-linden"),
    ("STET", "stet-hetre"),
    ("PolishAPI", "pl-dab"),
];

const PAYMENT_AT_ONCE: &str = "Payment at once";
const LATER: &str = "Payment on a later day";
const STANDING_ORDER: &str = "Standing order";
const CONSENT: &str = "Consent";
const SCA: &str = "Authorisation";

/// Where an order stands after such a word.
fn stage_of(progress: OrderProgress) -> Option<Stage> {
    match progress {
        OrderProgress::InProcess => Some(Stage::Processing),
        OrderProgress::Completed => Some(Stage::Completed),
        OrderProgress::Rejected => Some(Stage::Rejected),
        OrderProgress::InsufficientFunds => Some(Stage::RejectedInsufficientFunds),
        OrderProgress::Declined => Some(Stage::Declined),
        OrderProgress::Expired => Some(Stage::Expired),
        OrderProgress::Unrecognised => None,
    }
}

/// Tables by heading; a row is a word, and a cell what a standard's bank means with it.
type Tables = Vec<(&'static str, Vec<String>, Vec<(String, Vec<String>)>)>;

const NOTHING: &str = "–";

fn final_status(bank: &BankProfile, kind: OrderKind) -> String {
    let standing = kind == OrderKind::StandingOrder;
    match &bank.standard {
        Standard::UkOpenBanking(own) if kind == OrderKind::SinglePayment => {
            format!(" (`{}`)", own.final_status.word())
        }
        Standard::NextGenPsd2(own) if standing => {
            format!(" (`{}`)", own.final_status_of_standing_orders.word())
        }
        Standard::Stet(own) if standing => {
            format!(" (`{}`)", own.final_status_of_standing_orders.word())
        }
        Standard::NextGenPsd2(own) => format!(" (`{}`)", own.final_status.word()),
        Standard::Stet(own) => format!(" (`{}`)", own.final_status.word()),
        Standard::UkOpenBanking(_) | Standard::PolishApi(_) => String::new(),
    }
}

fn of_orders(directory: &Directory, kind: OrderKind, words: &[&str]) -> Vec<(String, Vec<String>)> {
    let cell = |id: &str, word: &str, reason: Option<&str>| {
        let progress = progress(directory.get(id).unwrap(), kind, word, reason);
        let cell = stage_of(progress).map(|stage| {
            let decline = decline(&[reason, Some(word)]);
            let v1 = core::TransferStatus::at(stage, reason, decline);
            let (v2, v1) = (of_stage(stage).name(), TransferStatus::from(v1).name());
            format!("`{}`, `{v1}`", v2.trim_start_matches("INITIATION_"))
        });
        cell.unwrap_or_else(|| NOTHING.to_owned())
    };
    let row = |word: &str, reason: Option<&str>| {
        let code = reason.map(|code| format!(" {code}")).unwrap_or_default();
        let cells = BANKS.iter().map(|(_, id)| cell(id, word, reason)).collect();
        (format!("{word}{code}"), cells)
    };
    let mut rows = vec![];
    for word in words {
        rows.push(row(word, None));
        if *word == "RJCT" || *word == "rejected" {
            rows.extend(REASONS.iter().map(|code| row(word, Some(code))));
        }
    }
    rows.retain(|(_, cells): &(String, Vec<String>)| cells.iter().any(|cell| cell != NOTHING));
    rows
}

fn tables() -> Tables {
    let directory = Directory::simulated(BANKS_URL, BANKS_TLS_URL).unwrap();
    let heads = |kind| {
        let head = |(standard, id): &(&str, &str)| {
            format!("{standard}{}", final_status(directory.get(id).unwrap(), kind))
        };
        BANKS.iter().map(head).collect::<Vec<_>>()
    };
    let orders =
        |title, kind, words: &[&str]| (title, heads(kind), of_orders(&directory, kind, words));
    let consents = CONSENT_WORDS.map(|word| {
        let cell = |(_, id): &(&str, &str)| {
            let said = consent(directory.get(id).unwrap(), word);
            said.map_or_else(|| NOTHING.to_owned(), |said| format!("{said:?}"))
        };
        (word.to_owned(), BANKS[..2].iter().map(cell).collect())
    });
    let scas =
        SCA_WORDS.map(|word| (word.to_owned(), vec![sca(word).unwrap_or(NOTHING).to_owned()]));
    vec![
        orders(PAYMENT_AT_ONCE, OrderKind::SinglePayment, &PAYMENT_WORDS),
        orders(LATER, OrderKind::FutureDatedPayment, &PAYMENT_WORDS),
        orders(STANDING_ORDER, OrderKind::StandingOrder, &STANDING_ORDER_WORDS),
        (CONSENT, BANKS[..2].iter().map(|(name, _)| (*name).to_owned()).collect(), consents.into()),
        (SCA, vec!["NextGenPSD2".to_owned()], scas.into()),
    ]
}

fn stages() -> String {
    let mut text = String::from("| stage | v2 | v1 |\n|---|---|---|\n");
    let said = [None, Some("failure"), Some("PERMISSION_DENIED"), Some("CANC, DS02")];
    for stage in Stage::ALL {
        let mut seen = vec![];
        for reason in said {
            let status =
                TransferStatus::from(core::TransferStatus::at(stage, reason, decline(&[reason])));
            if !seen.contains(&status) {
                seen.push(status);
                let said = reason.map(|said| format!(" ({said})")).unwrap_or_default();
                let (v2, v1) = (of_stage(stage).name(), status.name());
                writeln!(text, "| `{}` | `{v2}` | `{v1}`{said} |", stage.name()).unwrap();
            }
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Statuses

Made of the code; a test compares it (`BASCULE_UPDATE_DOCS=1 cargo test -p web`).

## Payments and transfers

Where a payment stands, and what it is called in v2 and, once it is a transfer, in v1. What v2 has one word for and v1 several is told apart by what the bank said.

";

const WHAT_BANKS_SAY: &str = "
## What banks say

A word of a bank, with the ISO 20022 reason beside it where there is one, and what the payment is then called in v2 and v1. The word itself travels untouched (`bankPaymentStatus`, `providerDetails.status`). Every word that a standard publishes is here; a test reads them from its documents. A word that a standard does not have concludes nothing (–): the payment waits and a case opens.

From the least to the most an accepted payment is `ACTC`, `ACCP`, `ACFC`, `ACSP`, `ACWC`, `ACSC`, `ACWP`, `ACCC`, in every standard. It is completed with the last word that this bank ever tells (`final_status` of its profile, here in the heads of the tables those of the simulated banks) or a later one: `ACWP` completes a payment at a bank whose last word is `ACSC`, and does not at one that also tells `ACCC`.
";

fn statuses_document() -> String {
    let mut text = format!("{INTRODUCTION}{}{WHAT_BANKS_SAY}", stages());
    for (title, heads, rows) in tables() {
        write!(text, "\n### {title}\n\n| word |").unwrap();
        for head in &heads {
            write!(text, " {head} |").unwrap();
        }
        writeln!(text, "\n|---{}|", "|---".repeat(heads.len())).unwrap();
        for (word, cells) in rows {
            writeln!(text, "| `{word}` | {} |", cells.join(" | ")).unwrap();
        }
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

const UK_3_1: &str = "banks/obie/v3.1.11-payment-initiation-judge.json";
const UK_4_0: &str = "banks/obie/v4.0-update4-payment-initiation-judge.json";
const NEXT_GEN_PSD2: &str = "banks/berlin-group/psd2-api_v1.3.12-judge.json";
const POLISH: &str = "banks/polishapi/ZBP-polish-api-2_1_2-swagger.json";
const STET_1_4: &str = "banks/stet/stet-1.4.2.17-rebuilt-openapi.json";
const STET_1_5: &str = "banks/stet/stet-1.5.0.43-judge.json";

/// Where each enum is published: the table and the column that list its words, the document, and
/// the schema in it (`Data.Status` of it where the second is set).
const PUBLISHED: [(&str, usize, &str, &str); 22] = [
    (PAYMENT_AT_ONCE, 0, UK_3_1, "OBWriteDomesticResponse5/properties/Data/properties/Status"),
    (LATER, 0, UK_3_1, "OBWriteDomesticScheduledResponse5/properties/Data/properties/Status"),
    (
        STANDING_ORDER,
        0,
        UK_3_1,
        "OBWriteDomesticStandingOrderResponse6/properties/Data/properties/Status",
    ),
    (CONSENT, 0, UK_3_1, "OBWriteDomesticConsentResponse5/properties/Data/properties/Status"),
    (
        CONSENT,
        0,
        UK_3_1,
        "OBWriteDomesticScheduledConsentResponse5/properties/Data/properties/Status",
    ),
    (
        CONSENT,
        0,
        UK_3_1,
        "OBWriteDomesticStandingOrderConsentResponse6/properties/Data/properties/Status",
    ),
    (PAYMENT_AT_ONCE, 1, UK_4_0, "OBWriteDomesticResponse5/properties/Data/properties/Status"),
    (LATER, 1, UK_4_0, "OBWriteDomesticScheduledResponse5/properties/Data/properties/Status"),
    (
        STANDING_ORDER,
        1,
        UK_4_0,
        "OBWriteDomesticStandingOrderResponse6/properties/Data/properties/Status",
    ),
    (CONSENT, 1, UK_4_0, "OBWriteDomesticConsentResponse5/properties/Data/properties/Status"),
    (
        CONSENT,
        1,
        UK_4_0,
        "OBWriteDomesticScheduledConsentResponse5/properties/Data/properties/Status",
    ),
    (
        CONSENT,
        1,
        UK_4_0,
        "OBWriteDomesticStandingOrderConsentResponse6/properties/Data/properties/Status",
    ),
    (PAYMENT_AT_ONCE, 2, NEXT_GEN_PSD2, "transactionStatus"),
    (LATER, 2, NEXT_GEN_PSD2, "transactionStatus"),
    (STANDING_ORDER, 2, NEXT_GEN_PSD2, "transactionStatus"),
    (SCA, 0, NEXT_GEN_PSD2, "scaStatus"),
    (PAYMENT_AT_ONCE, 3, STET_1_4, "PaymentInformationStatusCode"),
    (PAYMENT_AT_ONCE, 3, STET_1_5, "PaymentInformationStatusCode"),
    (STANDING_ORDER, 3, STET_1_5, "PaymentInformationStatusCode"),
    (PAYMENT_AT_ONCE, 4, POLISH, "PaymentStatus"),
    (LATER, 4, POLISH, "PaymentStatus"),
    (STANDING_ORDER, 4, POLISH, "RecurringPaymentStatusResponse/properties/recurringPaymentStatus"),
];

/// The words that a bank of this standard tells beyond its published enum.
const BEYOND: [(usize, &str); 1] = [
    // STET 1.4.1 and the transactions of 1.5 have it.
    (3, "PATC"),
];

#[test]
fn every_published_word_is_read_and_no_other() {
    let mut documents: BTreeMap<&str, Value> = BTreeMap::new();
    for (_, _, file, _) in PUBLISHED {
        let Ok(text) = std::fs::read_to_string(judge::specs_directory().join(file)) else {
            testkit::skipped("published statuses (the documents are not there)");
            return;
        };
        documents.insert(file, serde_json::from_str(&text).unwrap());
    }
    let tables = tables();
    let mut columns: BTreeMap<(&str, usize), Vec<String>> = BTreeMap::new();
    for (table, column, file, schema) in PUBLISHED {
        let document = &documents[file];
        let words = ["/components/schemas/", "/definitions/"]
            .iter()
            .find_map(|root| document.pointer(&format!("{root}{schema}/enum"))?.as_array());
        let words = words.unwrap_or_else(|| panic!("{file} has no enum {schema}"));
        let words = words.iter().filter_map(|word| word.as_str().map(str::to_owned));
        columns.entry((table, column)).or_default().extend(words);
    }
    for ((table, column), published) in columns {
        let (_, heads, rows) = tables.iter().find(|(title, ..)| *title == table).unwrap();
        let read: Vec<_> = rows
            .iter()
            .filter(|(_, cells)| cells[column] != NOTHING)
            .map(|(word, _)| word.split(' ').next().unwrap().to_owned())
            .collect();
        let place = format!("{table}, {}", heads[column]);
        for word in &published {
            assert!(read.contains(word), "{place}: `{word}` is published and not read");
        }
        for word in read {
            let beyond = BEYOND.iter().any(|(at, one)| *at == column && *one == word);
            assert!(published.contains(&word) || beyond, "{place}: `{word}` is not published");
        }
    }
}
