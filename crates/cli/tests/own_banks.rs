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
        // An operator's file has public values literally.
        .replace("\"simulated:", "\"")
        .replace("{simbank_tls}", &format!("https://localhost:{}", bank_port + 1))
        .replace("{simbank}", &format!("http://localhost:{bank_port}"))
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

/// The payer approves in the app of the bank as soon as the payment is there.
async fn approve(browser: &mut Browser, payer: &Payer) {
    for _ in 0..200 {
        if browser.decide_in_app(payer).await.unwrap() {
            return;
        }
        tokio::task::block_in_place(|| support::pause(50));
    }
    panic!("no payment arrived in the app of the bank");
}

fn wait_until_completed(sandbox: &Sandbox, id: &str) {
    wait_for("the end of the payment", 30, || {
        let status = &api(sandbox, "GET", &format!("/v2/payments/{id}"), None)["payment"]["status"];
        (status == "INITIATION_COMPLETED").then_some(())
    });
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
    approve(&mut browser, &payer).await;
    wait_until_completed(&sandbox, &id);
}

/// Waits until the gateway lists exactly these banks with ids that begin with `own-`.
fn wait_for_own(sandbox: &Sandbox, expected: &[&str]) {
    wait_for(&format!("the banks {expected:?}"), 20, || {
        let listed = api(sandbox, "GET", "/v2/banks?limit=100", None);
        let banks = listed["banks"].as_array().unwrap_or_else(|| panic!("{listed}"));
        let mut own: Vec<&str> = banks.iter().filter_map(|bank| bank["id"].as_str()).collect();
        own.retain(|id| id.starts_with("own-"));
        own.sort_unstable();
        (own == expected).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_loads_the_folders_again_and_payments_under_way_keep_their_bank() {
    let folder = tempfile::tempdir().unwrap();
    let (banks, log) = (folder.path().join("banks"), folder.path().join("log"));
    let bank_port = free_port();
    let port = bank_port.to_string();
    write(&banks, "fr/own-stet-saule.toml", &own("stet-saule", bank_port));
    let mut command = bascule();
    command.args(["sandbox", "--json", "--ephemeral", "--port", "0", "--bank-port", &port]);
    command.args(["--execution-delay", "100", "--banks"]).arg(&banks);
    command.stderr(std::fs::File::create(&log).unwrap());
    let sandbox = Sandbox::started(command);
    let hang_up = || {
        let process_id = sandbox.announcement.process_id.to_string();
        assert!(Command::new("kill").args(["-HUP", &process_id]).status().unwrap().success());
    };
    let logged = |words: &str| {
        wait_for(words, 20, || {
            std::fs::read_to_string(&log).unwrap().contains(words).then_some(())
        });
    };
    let (mut browser, payer) = payer(&sandbox, "stet-saule").await;
    let body = payment("own-stet-saule", &payer);
    let created = api(&sandbox, "POST", "/v2/payments", Some(&body));
    let id = created["payment"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned();

    // A file that does not load changes nothing, although others have changed.
    write(&banks, "de/own-bg-birke.toml", &own("bg-birke", bank_port));
    write(&banks, "pl/own-pl-dab.toml", "id = ");
    std::fs::remove_file(banks.join("fr/own-stet-saule.toml")).unwrap();
    hang_up();
    logged("pl/own-pl-dab.toml: TOML, line 1 `id =`: ");
    logged("the banks stay as they are");
    wait_for_own(&sandbox, &["own-stet-saule"]);

    std::fs::remove_file(banks.join("pl/own-pl-dab.toml")).unwrap();
    hang_up();
    wait_for_own(&sandbox, &["own-bg-birke"]);
    let refused = api(&sandbox, "POST", "/v2/payments", Some(&body)).to_string();
    assert!(refused.contains("own-stet-saule") && !refused.contains("\"payment\""), "{refused}");

    // The bank of the payment is no longer offered. Its payer approves now.
    approve(&mut browser, &payer).await;
    wait_until_completed(&sandbox, &id);
}

/// The file of a bank vanished while the gateway was down: its payment still ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_without_the_file_of_a_bank_continues_its_payments() {
    let folder = tempfile::tempdir().unwrap();
    let banks = folder.path().join("banks");
    let bank_port = free_port();
    let port = bank_port.to_string();
    write(&banks, "fr/own-stet-saule.toml", &own("stet-saule", bank_port));
    let options = ["--port", "0", "--bank-port", &port, "--execution-delay", "100"];
    let options = [options.as_slice(), &["--banks", banks.to_str().unwrap()]].concat();
    let data = folder.path().join("data");
    let sandbox = Sandbox::start(&data, &options);
    let (_, first) = payer(&sandbox, "stet-saule").await;
    let created = api(&sandbox, "POST", "/v2/payments", Some(&payment("own-stet-saule", &first)));
    let id = created["payment"]["id"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned();
    sandbox.kill();
    std::fs::remove_file(banks.join("fr/own-stet-saule.toml")).unwrap();

    let sandbox = Sandbox::start(&data, &options);
    wait_for_own(&sandbox, &[]);
    let (mut browser, payer) = payer(&sandbox, "stet-saule").await;
    approve(&mut browser, &payer).await;
    wait_until_completed(&sandbox, &id);
}

#[test]
fn a_logo_beside_a_banks_file_is_given_out_as_an_image_that_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    let banks = folder.path().join("banks");
    let logo = "<svg xmlns=\"http://www.w3.org/2000/svg\"><circle r=\"1\"/></svg>";
    write(&banks, "fr/saule.svg", logo);
    let keys = "logo = \"file:saule.svg\"\nlogo_source = \"drawn for this test\"\n";
    let file = own("stet-saule", 1);
    write(&banks, "fr/own-stet-saule.toml", &format!("{keys}{file}"));
    let options = ["--port", "0", "--banks", banks.to_str().unwrap()];
    let sandbox = Sandbox::start(&folder.path().join("data"), &options);
    let listed = api(&sandbox, "GET", "/v2/banks?ids=own-stet-saule", None);
    let url = listed["banks"][0]["logoUri"].as_str().unwrap_or_else(|| panic!("{listed}"));
    let answer = said(&Command::new("curl").args(["-s", "-i", url]).output().unwrap()).0;
    assert!(answer.ends_with(logo), "{answer}");
    for header in ["content-type: image/svg+xml", "sandbox", "nosniff", "immutable"] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
    let other = url.rsplit_once('/').unwrap().0.to_owned() + "/other";
    let answer = said(&Command::new("curl").args(["-s", "-i", &other]).output().unwrap()).0;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");

    // Without a source, or with something else than an image, nothing starts.
    let complaint = |keys: &str| {
        write(&banks, "fr/own-stet-saule.toml", &format!("{keys}{file}"));
        let mut command = bascule();
        command.args(["banks", "check"]).arg(&banks);
        said(&command.output().unwrap()).1
    };
    assert!(complaint("logo = \"file:saule.svg\"\n").contains("`logo_source` is needed"));
    let text = complaint("logo = \"file:own-stet-saule.toml\"\nlogo_source = \"x\"\n");
    assert!(text.contains("must be an SVG (.svg) or a PNG (.png)"), "{text}");
    let text = complaint("logo = \"javascript:1\"\n");
    assert!(text.contains("must be an https URL or `file:PATH`"), "{text}");
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
fn a_file_with_certificates_and_authorities_is_tried_without_options() {
    let folder = tempfile::tempdir().unwrap();
    let bank_port = free_port();
    let port = bank_port.to_string();
    let options = ["--port", "0", "--bank-port", &port];
    let _sandbox = Sandbox::start(&folder.path().join("data"), &options);
    let run = |line: &str| {
        let mut command = bascule();
        command.args(line.split_whitespace()).current_dir(folder.path());
        let output = command.output().unwrap();
        let (out, complaint) = said(&output);
        let text = format!("{out}{complaint}[exit code {}]", output.status.code().unwrap());
        let text = text.replace(&(bank_port + 1).to_string(), "8002");
        text.lines().map(|line| without_alert(&without_date(line))).collect::<Vec<_>>().join("\n")
    };
    let made = run("certs develop --sandbox data --out trusted --days 10");
    assert!(made.ends_with("[exit code 0]"), "{made}");
    run("certs develop --out other --days 10");
    let banks = folder.path().join("banks");
    let file = |authorities: &str, certificates: &str| {
        let own = own("stet-saule", bank_port);
        format!(
            "tls_authorities = \"../../{authorities}/ca.pem\"\n{own}\n[certificates]\n\
             current = \"../../trusted\"\n{certificates}"
        )
    };
    let write_bank = |text: String| write(&banks, "fr/own-stet-saule.toml", &text);
    write_bank(file("trusted", ""));
    let good = run("banks try banks");
    let checked = run("banks check banks");
    let none_to_rehearse = run("banks try banks --next");
    write_bank(file("other", ""));
    let of_another_authority = run("banks try banks");
    write_bank(file("trusted", "next = \"../../other\"\nnext_from = \"2999-01-01T00:00:00Z\""));
    let rehearsed = run("banks try banks --next");
    insta::assert_snapshot!(
        [good, checked, none_to_rehearse, of_another_authority, rehearsed].join("\n\n")
    );
}

/// A bank that refuses our certificate closes the connection, before or after its alert is read.
fn without_alert(line: &str) -> String {
    match line.split_once("error: failed: client error") {
        Some((before, rest)) if rest.contains("Canceled") || rest.contains("UnknownCA") => {
            let (_, after) = rest.split_once(';').unwrap();
            format!("{before}error: failed: client error […];{after}")
        }
        Some(_) | None => line.to_owned(),
    }
}

/// The end of certificates that were made a moment ago.
fn without_date(line: &str) -> String {
    match line.split_once(" end at ") {
        Some((before, rest)) => {
            let (_, after) = rest.split_once(';').unwrap();
            format!("{before} end at [then];{after}")
        }
        None => line.to_owned(),
    }
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
        command.args(folders.iter().flat_map(|folder| ["--banks", folder]));
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
    insta::assert_snapshot!(start(&["banks"]), @"bascule: bank profile banks/fr/stet-saule.toml: `id` is `stet-saule`, which is already taken by banks/sim/stet-saule.toml");
    std::fs::remove_file(banks.join("fr/stet-saule.toml")).unwrap();
    write(folder.path(), "more/fr/own-stet-saule.toml", &own);
    insta::assert_snapshot!(start(&["banks", "more"]), @"bascule: bank profile more/fr/own-stet-saule.toml: `id` is `own-stet-saule`, which is already taken by banks/fr/own-stet-saule.toml");
}
