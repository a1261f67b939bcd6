//! An operator's own folder of banks (`--banks`), on the real binary. The banks of the folder are
//! simulated ones at their addresses for gateways (TLS with client certificates), under other ids.

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bascule::pay::browser::Browser;
use bascule::pay::payer::Payer;
use bascule::wire::HttpWire;
use domain::reach::Reach;
use serde_json::{Value, json};
use support::{Sandbox, bascule, free_port, said, wait_for};

/// The file of a simulated bank as an operator's bank with the id `own-…`, beside banks on this port.
fn own(simulated: &str, bank_port: u16) -> String {
    let file = format!("{}/../../banks/sim/{simulated}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file)
        .unwrap()
        .replace("simulated = true\n", "")
        .replace(&format!("id = \"{simulated}\""), &format!("id = \"own-{simulated}\""))
        .replace("(simulated)", "(own)")
        .replace("{simbank_tls}", &format!("https://localhost:{}", bank_port + 1))
        .replace("{simbank_host}", &format!("localhost:{bank_port}"))
}

fn write(folder: &Path, file: &str, text: &str) {
    let file = folder.join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// The answer of the gateway to its developer.
fn api(sandbox: &Sandbox, method: &str, path: &str, body: Option<&Value>) -> Value {
    let url = format!("{}{path}", sandbox.announcement.api_url);
    let basic = format!("authorization: {}", sandbox.announcement.basic_header);
    let mut command = Command::new("curl");
    command.args(["-s", "-X", method, &url, "-H", &basic, "-H", "content-type: application/json"]);
    if let Some(body) = body {
        command.args(["-d", &body.to_string()]);
    }
    let (answer, _) = said(&command.output().unwrap());
    serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{method} {path}: {answer}"))
}

fn payment(bank: &str, payer: &Payer) -> Value {
    json!({ "initiation": {
        "bankId": bank, "refId": "OWN", "remittanceInformationPrimary": "OWN",
        "amount": { "value": "1.00", "currency": "EUR" }, "localInstrument": "SEPA",
        "creditor": { "iban": "DE89370400440532013000", "name": "Customer Inc." },
        "debtor": { "iban": payer.account, "name": payer.name },
        "callbackUrl": "https://shop.example/", "flowType": "API_ONLY",
    }})
}

/// A browser, and the first customer of the bank in it.
async fn payer(sandbox: &Sandbox, bank: &str) -> (Browser, Payer) {
    let announced = &sandbox.announcement;
    let wire = Arc::new(HttpWire::new(Reach::PublicAndLoopback, None).unwrap());
    let mut browser = Browser::new(wire, &announced.api_url, &announced.banks_url);
    let payer = Payer::of_bank(&mut browser, bank, false, None).await.unwrap();
    (browser, payer)
}

#[tokio::test(flavor = "multi_thread")]
async fn banks_of_folders_join_the_simulated_ones_and_are_paid_at_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let bank_port = free_port();
    let (french, german) = (folder.path().join("french"), folder.path().join("german"));
    write(&french, "fr/own-stet-saule.toml", &own("stet-saule", bank_port));
    write(&german, "de/own-bg-birke.toml", &own("bg-birke", bank_port));
    let port = bank_port.to_string();
    let (french, german) = (french.to_str().unwrap(), german.to_str().unwrap());
    let options = ["--port", "0", "--bank-port", &port, "--execution-delay", "100"];
    let options = [options.as_slice(), &["--banks", french, "--banks", german]].concat();
    let sandbox = Sandbox::start(&folder.path().join("data"), &options);
    for path in ["/v2/banks?limit=100", "/banks?page=1&perPage=100"] {
        let listed = api(&sandbox, "GET", path, None).to_string();
        for id in ["own-stet-saule", "own-bg-birke", "stet-saule", "ob-modelo"] {
            assert!(listed.contains(&format!("\"{id}\"")), "{path} has no {id}: {listed}");
        }
    }

    let (mut browser, payer) = payer(&sandbox, "stet-saule").await;
    let created = api(&sandbox, "POST", "/v2/payments", Some(&payment("own-stet-saule", &payer)));
    let id = created["payment"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned();
    let mut approved = false;
    for _ in 0..100 {
        approved = browser.decide_in_app(&payer).await.unwrap();
        if approved {
            break;
        }
        tokio::task::block_in_place(|| support::pause(50));
    }
    assert!(approved, "no payment arrived in the app of the bank");
    let path = format!("/v2/payments/{id}");
    tokio::task::block_in_place(|| {
        wait_for("the end of the payment", 30, || {
            let status = api(&sandbox, "GET", &path, None)["payment"]["status"].clone();
            (status == "INITIATION_COMPLETED").then_some(())
        });
    });
}

#[test]
fn each_bank_of_a_folder_is_tried_with_a_line_for_each_call() {
    let folder = tempfile::tempdir().unwrap();
    let bank_port = free_port();
    let banks = folder.path().join("banks");
    for (country, bank) in [("fr", "stet-saule"), ("de", "bg-birke"), ("pl", "pl-dab")] {
        write(&banks, &format!("{country}/own-{bank}.toml"), &own(bank, bank_port));
    }
    let port = bank_port.to_string();
    let options = ["--port", "0", "--bank-port", &port];
    let _sandbox = Sandbox::start(&folder.path().join("data"), &options);
    let run = |line: &str| {
        let mut command = bascule();
        command.args(line.split_whitespace()).current_dir(folder.path());
        let output = command.output().unwrap();
        let (out, complaint) = said(&output);
        let text = format!("{out}{complaint}[exit code {}]", output.status.code().unwrap());
        text.replace(&(bank_port + 1).to_string(), "8002")
    };
    let made = run("certs develop --sandbox data --out trusted");
    assert!(made.ends_with("[exit code 0]"), "{made}");
    let all = "banks try banks --certificates trusted";
    let good = run(all);

    // The bank knows nobody of that name, the addresses in the metadata are http, and nobody listens there.
    let stranger = own("stet-saule", bank_port)
        .replace("[standard.stet]", "[standard.stet]\nclient_id = \"somebody-else\"");
    write(&banks, "fr/own-stet-saule.toml", &stranger);
    write(&banks, "es/own-bg-encina.toml", &own("bg-encina", bank_port));
    let nowhere = own("pl-dab", bank_port).replace(&(bank_port + 1).to_string(), "1");
    write(&banks, "pl/own-pl-dab.toml", &nowhere);
    let one = run(&format!("{all} --bank own-bg-birke"));
    insta::assert_snapshot!([good, run(all), one].join("\n\n"));
}

#[test]
fn a_folder_that_does_not_load_stops_the_start_with_a_line_for_each_error() {
    let folder = tempfile::tempdir().unwrap();
    let banks = folder.path().join("banks");
    let own = own("stet-saule", 1);
    write(&banks, "fr/own-stet-saule.toml", &own.replace("\"FR\"", "\"France\""));
    write(&banks, "fr/stet-saule.toml", &own.replace("own-stet-saule", "stet-saule"));
    write(&banks, "be/broken.toml", "id = ");
    let start = |folders: &[&str]| {
        let mut command = bascule();
        command.args(["sandbox", "--port", "0", "--data-dir", "data"]);
        folders.iter().for_each(|folder| drop(command.args(["--banks", folder])));
        let output = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(!folder.path().join("data").exists(), "the data directory was made");
        said(&output).1
    };
    insta::assert_snapshot!(start(&["banks", "nowhere"]), @r"
    bascule: bank profile banks/be/broken.toml: TOML, line 1 `id =`: string values must be quoted, expected literal string
    bascule: bank profile banks/fr/own-stet-saule.toml: `countries` must list two-letter codes such as `GB`
    bascule: bank profile nowhere: cannot be read: No such file or directory (os error 2)
    ");
    write(&banks, "fr/own-stet-saule.toml", &own);
    std::fs::remove_file(banks.join("be/broken.toml")).unwrap();
    insta::assert_snapshot!(start(&["banks"]), @r"
    bascule: bank profile banks/fr/stet-saule.toml: `id` is `stet-saule`, which is already taken by banks/sim/stet-saule.toml
    ");
    std::fs::remove_file(banks.join("fr/stet-saule.toml")).unwrap();
    write(folder.path(), "more/fr/own-stet-saule.toml", &own);
    insta::assert_snapshot!(start(&["banks", "more"]), @r"
    bascule: bank profile more/fr/own-stet-saule.toml: `id` is `own-stet-saule`, which is already taken by banks/fr/own-stet-saule.toml
    ");
}
