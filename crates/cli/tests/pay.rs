//! `bascule pay` against a running sandbox: every flow at every bank, and the outcomes of the published
//! mock bank's amounts.

mod support;

use serde_json::Value;
use support::{Sandbox, bascule, said};

/// Flows of payments v2 and v1; standing orders only where the bank has them.
const FLOWS: [&str; 7] = [
    "api-only",
    "full-hosted-pages",
    "embedded-hosted-pages",
    "link",
    "transfer",
    "transfer-hosted-pages",
    "standing-order",
];

/// Every simulated bank, how its payer approves by API only, and whether it has standing orders.
const BANKS: [(&str, &[&str], bool); 31] = [
    ("ob-modelo", &["redirect"], true),
    ("ob-iron", &["redirect"], true),
    ("ob-quartz", &["redirect"], true),
    ("ob-slate", &["redirect"], true),
    ("ob-onyx", &["redirect"], true),
    ("ob-agate", &["redirect"], true),
    ("ob-basalt", &["redirect"], true),
    ("ob-chalk", &["redirect"], false),
    ("ob-flint", &["redirect"], true),
    ("mock-redirect", &["redirect"], false),
    ("bg-linden", &["redirect"], true),
    ("bg-ahorn", &["embedded"], true),
    ("bg-birke", &["embedded", "decoupled"], false),
    ("bg-bjork", &["redirect"], false),
    ("bg-boeg", &["redirect"], false),
    ("bg-fuz", &["redirect"], false),
    ("bg-gran", &["redirect"], false),
    ("bg-lipa", &["redirect"], false),
    ("bg-stejar", &["redirect"], true),
    ("bg-eiche", &["embedded"], false),
    ("bg-encina", &["redirect"], false),
    ("bg-olmo", &["redirect"], false),
    ("bg-pino", &["redirect"], false),
    ("bg-tulp", &["embedded", "redirect"], false),
    ("pl-brzoza", &["redirect"], true),
    ("pl-dab", &["redirect"], true),
    ("pl-sosna", &["embedded", "decoupled"], true),
    ("stet-chene", &["redirect"], true),
    ("stet-hetre", &["redirect"], true),
    ("stet-if", &["redirect"], false),
    ("stet-saule", &["decoupled"], true),
];

/// The one bank that closes in the evening: a payment waits there for the morning.
const CLOSES: &str = "bg-pino";

/// Pays at each of the banks whose id begins so, by each flow.
fn every_flow_at(prefixes: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "50"]);
    let known = get(&format!("{}/v2/banks", sandbox.announcement.api_url));
    let known = serde_json::from_str::<Value>(&known).unwrap()["banks"].as_array().unwrap().len();
    assert_eq!(known, BANKS.len(), "a simulated bank is not in the table");
    let wanted = |bank: &str| prefixes.iter().any(|prefix| bank.starts_with(prefix));
    for (bank, approaches, standing_orders) in BANKS.iter().filter(|(bank, ..)| wanted(bank)) {
        for flow in FLOWS {
            let arguments = ["--bank", bank, "--flow", flow];
            let what = format!("{bank} {flow}");
            if flow == "standing-order" && !standing_orders {
                let output = command(folder.path(), &arguments).output().unwrap();
                let (_, complaint) = said(&output);
                assert_eq!(output.status.code(), Some(1), "{what}");
                assert!(complaint.contains("has no standing orders"), "{what}: {complaint}");
                continue;
            }
            let patience = if *bank == CLOSES { "5" } else { "30" };
            let arguments = [&arguments[..], &["--patience", patience]].concat();
            let outcome = pay(folder.path(), &arguments);
            let status = outcome["status"].as_str().unwrap();
            let waits = *bank == CLOSES && status.ends_with("PROCESSING");
            let done = ["INITIATION_COMPLETED", "SUCCESS"].contains(&status);
            assert!(done || waits, "{what}: {outcome}");
            assert_eq!(outcome["webhook_verified"], true, "{what}: {outcome}");
            let expected: Vec<&str> = match flow {
                "api-only" | "transfer" | "standing-order" => approaches.to_vec(),
                "embedded-hosted-pages" => continue,
                _ => vec!["hosted pages"],
            };
            let all: Vec<&str> = outcome["approaches"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one.as_str().unwrap())
                .collect();
            assert_eq!(all, expected, "{what}: {outcome}");
        }
    }
}

#[test]
fn every_flow_completes_at_british_banks() {
    every_flow_at(&["ob-", "mock-"]);
}

#[test]
fn every_flow_completes_at_banks_of_next_gen_psd2() {
    every_flow_at(&["bg-"]);
}

#[test]
fn every_flow_completes_at_french_and_polish_banks() {
    every_flow_at(&["stet-", "pl-"]);
}

#[test]
fn the_payer_chooses_a_method_and_declines_where_that_is_possible() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "50"]);
    // One-time password by SMS, flicker code, picture.
    for method in ["SMS", "chiptan", "photoTAN"] {
        for flow in ["api-only", "full-hosted-pages", "transfer"] {
            let arguments = ["--bank", "bg-ahorn", "--flow", flow, "--method", method];
            let outcome = pay(folder.path(), &arguments);
            assert_eq!(outcome["webhook_verified"], true, "{method} {flow}: {outcome}");
            let status = outcome["status"].as_str().unwrap();
            assert!(["INITIATION_COMPLETED", "SUCCESS"].contains(&status), "{outcome}");
        }
    }
    for (bank, flow, status) in [
        ("ob-modelo", "api-only", "INITIATION_DECLINED"),
        ("bg-linden", "full-hosted-pages", "INITIATION_DECLINED"),
        ("stet-saule", "api-only", "INITIATION_DECLINED"),
        ("pl-sosna", "link", "INITIATION_DECLINED"),
        ("ob-iron", "transfer", "REJECTED"),
    ] {
        let outcome = pay(folder.path(), &["--bank", bank, "--flow", flow, "--decline"]);
        assert_eq!(outcome["status"], status, "{bank} {flow}: {outcome}");
    }
    for (arguments, words) in [
        (["--bank", "bg-ahorn", "--decline"].as_slice(), "approves by questions"),
        (&["--bank", "mock-redirect", "--decline"], "approves by itself"),
        (&["--bank", "bg-ahorn", "--method", "pigeon"], "bg-ahorn offers SMS"),
        (&["--bank", "nobody"], "expected is one of ob-agate"),
    ] {
        let output = command(folder.path(), arguments).output().unwrap();
        let (_, complaint) = said(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
    }
}

/// Reference, section 8.1.
const OUTCOMES: [(&str, &str, &str); 12] = [
    ("101", "INITIATION_COMPLETED", "success"),
    ("103", "INITIATION_REJECTED", "failure"),
    ("104", "INITIATION_DECLINED", "Error during payment redemption: PERMISSION_DENIED"),
    ("105", "INITIATION_PROCESSING", "processing"),
    ("106", "INITIATION_DECLINED", "Payment initiation has been canceled."),
    ("108", "INITIATION_REJECTED_INSUFFICIENT_FUNDS", "Insufficient funds"),
    ("110", "INITIATION_PROCESSING", "initiated"),
    ("112", "INITIATION_DECLINED", "Payment initiation has been declined."),
    ("116", "INITIATION_REJECTED", "Insufficient funds"),
    ("117", "INITIATION_DECLINED", "Permission denied"),
    ("118", "INITIATION_DECLINED", "CUST"),
    ("119", "INITIATION_DECLINED", "Order not executed"),
];

#[test]
fn the_published_amounts_have_their_published_outcomes() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "50"]);
    for (amount, status, reason) in OUTCOMES {
        let arguments = ["--bank", "mock-redirect", "--amount", amount, "--patience", "4"];
        let outcome = pay(folder.path(), &arguments);
        assert_eq!(outcome["status"], status, "{amount}: {outcome}");
        assert_eq!(outcome["reason"], reason, "{amount}: {outcome}");
    }
}

#[test]
fn a_bank_that_stays_silent_after_the_order_is_asked_and_never_ordered_again() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["--port", "0", "--bank-timeout", "700", "--execution-delay", "50"];
    let sandbox = Sandbox::start(folder.path(), &arguments);
    let outcome = pay(folder.path(), &["--amount", "120", "--patience", "5"]);
    assert_eq!(outcome["status"], "INITIATION_PROCESSING", "{outcome}");
    let outcome = pay(folder.path(), &["--amount", "121", "--patience", "4"]);
    assert_eq!(outcome["status"], "INITIATION_PENDING_REDEMPTION_VERIFICATION", "{outcome}");
    let url = format!("{}/sim/orders", sandbox.announcement.banks_url);
    let orders: Vec<Value> = serde_json::from_str(&get(&url)).unwrap();
    assert_eq!(orders.len(), 2, "{orders:?}");
    assert!(orders.iter().all(|order| order["posts"] == 1), "{orders:?}");
}

#[test]
fn without_a_sandbox_one_is_started_for_the_payment() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = folder.path().join("nothing-here");
    let outcome = pay(&nothing, &["--amount", "5.00"]);
    assert_eq!(outcome["status"], "INITIATION_COMPLETED", "{outcome}");
    assert!(!nothing.exists(), "it left something behind");
}

fn pay(data_dir: &std::path::Path, arguments: &[&str]) -> Value {
    let (out, complaint) = said(&command(data_dir, arguments).output().unwrap());
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out} {complaint}"))
}

fn command(data_dir: &std::path::Path, arguments: &[&str]) -> std::process::Command {
    let mut command = bascule();
    command.args(["pay", "--json", "--data-dir"]).arg(data_dir).args(arguments);
    command
}

fn get(url: &str) -> String {
    said(&std::process::Command::new("curl").args(["-s", url]).output().unwrap()).0
}
