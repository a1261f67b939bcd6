//! `bascule pay` against a running sandbox: the outcomes of the published mock bank's amounts.

mod support;

use serde_json::Value;
use support::{Sandbox, bascule, said};

#[test]
fn every_bank_and_flow_completes_with_a_verified_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let _sandbox = Sandbox::start(folder.path(), &["--port", "0", "--execution-delay", "50"]);
    for bank in ["ob-modelo", "ob-iron", "mock-redirect", "ob-quartz", "ob-slate", "ob-onyx"] {
        for flow in ["api-only", "full-hosted-pages"] {
            let outcome = pay(folder.path(), &["--bank", bank, "--flow", flow]);
            assert_eq!(outcome["status"], "INITIATION_COMPLETED", "{bank} {flow}: {outcome}");
            assert_eq!(outcome["webhook_verified"], true, "{bank} {flow}: {outcome}");
        }
    }
    let outcome = pay(folder.path(), &["--decline"]);
    assert_eq!(outcome["status"], "INITIATION_DECLINED", "{outcome}");
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
    let (orders, _) =
        said(&std::process::Command::new("curl").args(["-s", &url]).output().unwrap());
    let orders: Vec<Value> = serde_json::from_str(&orders).unwrap();
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
    let mut command = bascule();
    command.args(["pay", "--json", "--data-dir"]).arg(data_dir).args(arguments);
    let (out, complaint) = said(&command.output().unwrap());
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{arguments:?}: {out} {complaint}"))
}
