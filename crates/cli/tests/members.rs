//! `bascule members`: settings of a member, on the real binary, beside a running sandbox.

mod support;

use serde_json::Value;
use std::process::{Command, Output};
use support::{Sandbox, bascule, said, wait_for};

fn members(data_dir: &str, arguments: &[&str]) -> Output {
    let mut command = bascule();
    command.arg("members").args(arguments).args(["--data-dir", data_dir]);
    command.output().unwrap()
}

#[test]
fn a_running_gateway_follows_and_the_banks_know_the_address_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data_dir = path.to_str().unwrap();
    let sandbox = Sandbox::start(&path, &["--port", "0"]);
    let member = sandbox.announcement.member_id.clone();
    let (list, _) = said(&members(data_dir, &["list"]));
    let others = "act on behalf on, beneficiaries any";
    let line = format!("{member}  Sandbox: developer  auto-redeem on, TPP callback none, {others}");
    assert!(list.lines().any(|other| other == line), "{list}");

    let url = "http://localhost:9999/from-the-bank";
    let arguments = ["set", &member, "--auto-redeem", "off", "--tpp-callback-url", url];
    let (set, _) = said(&members(data_dir, &arguments));
    assert_eq!(set.trim(), format!("{member}  auto-redeem off, TPP callback {url}, {others}"));
    let (set, _) = said(&members(data_dir, &["set", &member, "--auto-redeem", "on"]));
    assert_eq!(set.trim(), format!("{member}  auto-redeem on, TPP callback {url}, {others}"));

    // The return address that the bank gets, once the gateway has seen the change.
    let asked = |sandbox: &Sandbox| {
        let body = r#"{"initiation":{"bankId":"ob-onyx","refId":"A","remittanceInformationPrimary":"A","amount":{"value":"1","currency":"GBP"},"localInstrument":"FASTER_PAYMENTS","creditor":{"sortCode":"123456","accountNumber":"12345678","name":"Shop"},"callbackUrl":"http://localhost:9999/shop"}}"#;
        let announced = &sandbox.announcement;
        let header = format!("authorization: {}", announced.basic_header);
        let url = format!("{}/v2/payments", announced.api_url);
        let arguments = ["-s", &url, "-H", &header, "-d", body];
        let (answer, _) = said(&Command::new("curl").args(arguments).output().unwrap());
        let answer: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{answer}"));
        answer["payment"]["status"].as_str().unwrap_or_default().to_owned()
    };
    wait_for("the bank to refuse an address that it does not know", 20, || {
        (asked(&sandbox) == "INITIATION_REJECTED").then_some(())
    });
    sandbox.kill();
    let sandbox = Sandbox::start(&path, &["--port", "0"]);
    assert_eq!(asked(&sandbox), "INITIATION_PENDING_REDIRECT_AUTH");
}

#[test]
fn beneficiaries_are_listed_and_taken_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data_dir = path.to_str().unwrap();
    let sandbox = Sandbox::start(&path, &["--port", "0"]);
    let member = sandbox.announcement.member_id.clone();
    let mut arguments = vec!["set", &member, "--restrict-beneficiaries", "on"];
    let accounts = [
        "GB29 NWBK 6016 1331 9268 19",
        "60-16-13-31926819",
        "DE02120300000000202051",
        "61109010140000071219812874",
        "bankgiro:5050-1055",
        "bban:12345678",
    ];
    for account in accounts {
        arguments.extend(["--add-beneficiary", account]);
    }
    let (set, _) = said(&members(data_dir, &arguments));
    let lines: Vec<&str> = set.lines().map(str::trim).collect();
    assert!(lines[0].ends_with("beneficiaries only those listed"), "{set}");
    // The second is the first one's domestic number.
    let listed = [
        "GB29NWBK60161331926819",
        "DE02120300000000202051",
        "61109010140000071219812874",
        "bankgiro:50501055",
        "bban:12345678",
    ];
    assert_eq!(lines[1..], listed, "{set}");
    let arguments = ["set", &member, "--remove-beneficiary", "601613-31926819"];
    let (set, _) = said(&members(data_dir, &arguments));
    let left: Vec<&str> = set.lines().skip(1).map(str::trim).collect();
    assert_eq!(left, listed[1..], "{set}");
}

#[test]
fn what_cannot_be_agreed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data_dir = path.to_str().unwrap();
    let sandbox = Sandbox::start(&path, &["--port", "0"]);
    let member = sandbox.announcement.member_id.clone();
    for (arguments, words) in [
        (vec!["set", "nobody"], "is not a member id"),
        (vec!["set", "m:1111:bscuLe"], "there is no member m:1111:bscuLe"),
        (vec!["set", &member, "--tpp-callback-url", "shop"], "`shop` is no address"),
        (vec!["set", &member, "--tpp-callback-url", "ftp://shop/"], "is no address"),
        (vec!["set", &member, "--tpp-callback-url", "https://shop/#a"], "is no address"),
        (
            vec!["set", &member, "--add-beneficiary", "DE00"],
            "`DE00` is not an account: the IBAN should",
        ),
        (vec!["set", &member, "--add-beneficiary", "card:1"], "`card:` is not a kind of account"),
    ] {
        let output = members(data_dir, &arguments);
        let (_, complaint) = said(&output);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(complaint.contains(words), "{arguments:?}: {complaint}");
    }
}

#[test]
fn an_alias_is_given_to_one_member_and_names_it_in_token_requests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let data_dir = path.to_str().unwrap();
    let sandbox = Sandbox::start(&path, &["--port", "0"]);
    let member = sandbox.announcement.member_id.clone();
    let arguments =
        ["set", &member, "--alias", "EMAIL:sales@shop.example", "--alias", "domain:shop.example"];
    let (set, _) = said(&members(data_dir, &arguments));
    let lines: Vec<&str> = set.lines().skip(1).map(str::trim).collect();
    assert_eq!(lines, ["alias EMAIL:sales@shop.example", "alias DOMAIN:shop.example"], "{set}");
    let (list, _) = said(&members(data_dir, &["list"]));
    assert!(list.contains("alias EMAIL:sales@shop.example"), "{list}");
    let other = list
        .lines()
        .filter_map(|line| line.split("  ").next())
        .find(|id| id.starts_with("m:") && *id != member);
    let other = other.unwrap_or_else(|| panic!("{list}")).to_owned();
    let failed = |arguments: &[&str]| {
        let output = members(data_dir, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let taken = failed(&["set", &other, "--alias", "EMAIL:Sales@shop.example"]);
    assert!(taken.contains(&format!("is an alias of {member}")), "{taken}");
    for (alias, why) in [("shop", "its kind should be"), ("EMAIL:", "its value should have")] {
        let refused = failed(&["set", &member, "--alias", alias]);
        assert!(refused.contains(why), "{alias}: {refused}");
    }
    // The running gateway follows.
    let announced = &sandbox.announcement;
    let body = r#"{"requestPayload":{"to":{"alias":{"type":"DOMAIN","value":"shop.example"}},"refId":"A-REF","redirectUrl":"http://localhost:9999/shop","transferBody":{"lifetimeAmount":"1","currency":"GBP","instructions":{"transferDestinations":[{"fasterPayments":{"sortCode":"123456","accountNumber":"12345678"},"customerData":{"legalNames":["Shop"]}}]}}}}"#;
    let header = format!("authorization: {}", announced.basic_header);
    let url = format!("{}/token-requests", announced.api_url);
    wait_for("the gateway to know the alias", 20, || {
        let arguments = ["-s", &url, "-H", &header, "-d", body];
        let (answer, _) = said(&Command::new("curl").args(arguments).output().unwrap());
        answer.contains(&format!("\"id\":\"{member}\"")).then_some(())
    });
    let (set, _) =
        said(&members(data_dir, &["set", &member, "--remove-alias", "DOMAIN:SHOP.example"]));
    assert!(!set.contains("DOMAIN"), "{set}");
}
