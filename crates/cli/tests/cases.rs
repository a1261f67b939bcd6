//! `bascule cases` on the real binary, beside a running sandbox, and its document.

mod support;

use std::process::Output;

use bascule::cases::kinds;
use serde_json::Value;
use support::{Sandbox, bascule, said, wait_for};

/// The document's head is written by hand, its sections are made of the code.
#[test]
fn every_kind_of_case_is_in_the_document() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cases.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let heading = "## Kinds\n";
    let (written, _) = text.split_once(heading).unwrap();
    let wanted = format!("{written}{heading}{}", kinds::sections());
    if std::env::var_os("BASCULE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
        return;
    }
    assert_eq!(text, wanted, "BASCULE_UPDATE_DOCS=1 cargo test -p bascule --test cases");
}

struct Place {
    arguments: Vec<String>,
}

impl Place {
    fn cases(&self, arguments: &[&str]) -> Output {
        let mut command = bascule();
        command.arg("cases").args(arguments).args(&self.arguments).env("USER", "olga");
        command.output().unwrap()
    }

    fn listed(&self, more: &[&str]) -> Vec<Value> {
        let (list, complaint) = said(&self.cases(&[&["list", "--json"], more].concat()));
        serde_json::from_str(&list).unwrap_or_else(|_| panic!("{list} {complaint}"))
    }
}

fn a_case_is_read_and_closed(place: &Place, sandbox: &Sandbox, data_dir: &str) {
    let (none, _) = said(&place.cases(&["list"]));
    assert_eq!(none.trim(), "no case is open");
    // The bank stays silent after the order: its answer is lost.
    let mut command = bascule();
    command.args(["pay", "--amount", "120", "--patience", "2", "--data-dir", data_dir]);
    assert_eq!(command.output().unwrap().status.code(), Some(4));
    let open = wait_for("a case", 20, || place.listed(&[]).first().cloned());
    assert_eq!(open["kind"], "order_answer_lost", "{open}");
    let id = open["id"].as_str().unwrap();
    let (list, _) = said(&place.cases(&["list"]));
    assert!(
        list.lines().any(|line| line.contains("order_answer_lost") && line.ends_with(id)),
        "{list}"
    );
    let (shown, _) = said(&place.cases(&["show", id]));
    let payment = open["paymentId"].as_str().unwrap();
    for words in [payment, "closed   no", "Money may have moved", "To do:", "bascule calls pm2:"] {
        assert!(shown.contains(words), "no `{words}` in {shown}");
    }
    let reason = "The bank says that it executed the order once.";
    let closed = place.cases(&["close", id, "--reason", reason]);
    assert_eq!(closed.status.code(), Some(0), "{}", said(&closed).1);
    let again = place.cases(&["close", id, "--reason", "another"]);
    let (_, complaint) = said(&again);
    assert_eq!(again.status.code(), Some(1));
    for words in [id, "is closed already", "by olga", reason] {
        assert!(complaint.contains(words), "no `{words}` in {complaint}");
    }
    assert!(place.listed(&[]).iter().all(|case| case["id"] != id));
    let kept = place.listed(&["--all"]).into_iter().find(|case| case["id"] == id).unwrap();
    assert_eq!(kept["closed"]["reason"], reason, "{kept}");
    assert!(kept["closed"]["by"].as_str().unwrap().starts_with("olga (uid "), "{kept}");
    let (shown, _) = said(&place.cases(&["show", id]));
    assert!(shown.contains(reason), "{shown}");
    for (arguments, code, words) in [
        (["show", "17", "", ""].as_slice(), 1, "there is no case `17`"),
        (&["close", "17", "--reason", "x"], 1, "there is no case `17`"),
        (&["close", id, "--reason", " "], 2, "expected is one line"),
        (&["close", id, "--reason", "a\nb"], 2, "expected is one line"),
        (&["close", id], 2, "--reason"),
    ] {
        let arguments: Vec<&str> =
            arguments.iter().copied().filter(|one| !one.is_empty()).collect();
        let output = place.cases(&arguments);
        let (_, complaint) = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {complaint}");
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
    }
    // The gateway runs on.
    let mut command = bascule();
    let paid = command.args(["pay", "--json", "--data-dir", data_dir]).output().unwrap();
    assert!(paid.status.success(), "{:?}", said(&paid));
    assert!(!sandbox.announcement.api_url.is_empty());
}

#[test]
fn cases_are_listed_read_and_closed_while_the_gateway_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let options = ["--port", "0", "--bank-timeout", "700", "--execution-delay", "50"];
    let sandbox = Sandbox::start(folder.path(), &options);
    let place = Place { arguments: vec!["--data-dir".to_owned(), data_dir.to_owned()] };
    a_case_is_read_and_closed(&place, &sandbox, data_dir);
}

#[test]
fn the_same_on_postgresql() {
    let Some(server) = testkit::PostgresServer::prepared() else {
        return testkit::skipped("cases on PostgreSQL (initdb is not installed)");
    };
    server.start("-c listen_addresses=''");
    let url = format!("host={} user=bascule dbname=postgres", server.folder());
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let options =
        ["--port", "0", "--bank-timeout", "700", "--execution-delay", "50", "--database", &url];
    let sandbox = Sandbox::start(folder.path(), &options);
    let place = Place { arguments: vec!["--database".to_owned(), url.clone()] };
    a_case_is_read_and_closed(&place, &sandbox, data_dir);
}
