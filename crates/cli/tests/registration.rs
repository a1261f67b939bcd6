//! Registration at banks, on the real binary: `bascule banks register` makes the gateway a client of
//! simulated banks at their addresses for gateways, under other ids.

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{Sandbox, bascule, free_port, said, wait_for};

const REDIRECT_URI: &str = "https://gateway.example/callback";

/// The folder of a test, its running sandbox, and certificates that the simulated banks trust.
struct Workplace {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    bank_port: u16,
}

impl Workplace {
    /// With these banks in `banks`: file and text. `{tls}` is the address of the simulated banks.
    fn new(banks: &[(&str, &str)]) -> Workplace {
        let folder = tempfile::tempdir().unwrap();
        let bank_port = free_port();
        for (file, text) in banks {
            write_bank(folder.path(), file, &text.replace("{tls}", &tls(bank_port)));
        }
        let port = bank_port.to_string();
        let own = folder.path().join("banks");
        std::fs::create_dir_all(&own).unwrap();
        let options = ["--port", "0", "--bank-port", &port, "--execution-delay", "100"];
        let options = [options.as_slice(), &["--banks", own.to_str().unwrap()]].concat();
        let sandbox = Sandbox::start(&folder.path().join("data"), &options);
        let place = Workplace { folder, sandbox, bank_port };
        place.run("certs develop --sandbox data --out trusted");
        place
    }

    fn run(&self, line: &str) -> String {
        let mut command = bascule();
        command.args(line.split_whitespace()).current_dir(self.folder.path());
        let output = command.output().unwrap();
        let (out, complaint) = said(&output);
        let text = format!("{out}{complaint}[exit code {}]", output.status.code().unwrap());
        text.replace(&(self.bank_port + 1).to_string(), "8002")
    }

    fn call(&self, url: &str, body: &Value) -> Value {
        let basic = format!("authorization: {}", self.sandbox.announcement.basic_header);
        let mut command = Command::new("curl");
        command.args(["-s", "-X", "POST", url, "-H", &basic]);
        command.args(["-H", "content-type: application/json", "-d", &body.to_string()]);
        let (answer, _) = said(&command.output().unwrap());
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{url}: {answer}"))
    }

    /// The answer of the API to a payment at this bank.
    fn pay(&self, bank: &str) -> Value {
        let url = format!("{}/v2/payments", self.sandbox.announcement.api_url);
        self.call(
            &url,
            &json!({ "initiation": {
                "bankId": bank, "refId": "OWN", "remittanceInformationPrimary": "OWN",
                "amount": { "value": "1.00", "currency": "EUR" }, "localInstrument": "SEPA",
                "creditor": { "iban": "DE89370400440532013000", "name": "Customer Inc." },
                "callbackUrl": "https://shop.example/", "flowType": "API_ONLY",
            }}),
        )
    }

    fn hang_up(&self) {
        let process_id = self.sandbox.announcement.process_id.to_string();
        assert!(Command::new("kill").args(["-HUP", &process_id]).status().unwrap().success());
    }
}

fn tls(bank_port: u16) -> String {
    format!("https://localhost:{}", bank_port + 1)
}

fn write_bank(folder: &Path, file: &str, text: &str) {
    let file = folder.join("banks").join(file);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// The text without what a run alone has: client ids, times.
fn without_chance(text: &str) -> String {
    let text = regex::Regex::new(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
        .unwrap()
        .replace_all(text, "[uuid]")
        .into_owned();
    let time = regex::Regex::new(r"\d{4}-\d\d-\d\dT[0-9:.]+Z").unwrap();
    time.replace_all(&text, "[time]").into_owned()
}

const STET: &str = r#"
id = "own-stet"
name = "Own STET bank"
bic = "HETRFRPP"
countries = ["FR"]
api_base_url = "{tls}/stet-hetre/psd2"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment", "refund_account"]

[standard.stet]
token_url = "{tls}/stet-hetre/psd2/token"
version = "1.5"
confirmation_needs_factor = true
signed_headers = ["(request-target)", "digest", "date"]
key_id = "serial"
key_id_serial = "decimal"

[registration]
method = "client_metadata"
endpoint = "{tls}/stet-hetre/psd2/register"
redirect_uris = ["https://gateway.example/callback"]
"#;

#[test]
fn a_bank_that_registers_us_is_paid_at_after_the_registration_only() {
    let place = Workplace::new(&[("fr/own-stet.toml", STET)]);
    let before = place.pay("own-stet");
    assert_eq!(before["error"]["errorCode"], "Bank.RegistrationNotFound", "{before}");

    let register = "banks register banks own-stet --data-dir data --certificates trusted";
    let none = place.run("banks registrations --data-dir data");
    let first = place.run(register);
    let second = place.run(register);
    let listed = place.run("banks registrations --data-dir data");
    let again = place.run(&format!("{register} --again"));
    insta::assert_snapshot!(without_chance(&[none, first, second, listed, again].join("\n\n")));

    // The registration is used once the folders were loaded again, with the certificates of the file.
    let own = "\ntls_authorities = \"../../trusted/ca.pem\"\n";
    let certificates = "\n[certificates]\ncurrent = \"../../trusted\"\n";
    let text = STET.replace("{tls}", &tls(place.bank_port));
    write_bank(place.folder.path(), "fr/own-stet.toml", &format!("{own}{text}{certificates}"));
    place.hang_up();
    let made = wait_for("the registration to be used", 20, || {
        let made = place.pay("own-stet");
        match made["error"]["errorCode"].as_str() {
            Some("Bank.RegistrationNotFound") => None,
            _ => Some(made),
        }
    });
    // The bank took the signed creation. Its pages are at http, where no operator's bank may be.
    let reason = made["payment"]["statusReasonInformation"].as_str().unwrap_or_default();
    assert!(reason.contains("`consentApproval` is not on a host"), "{made}");
}

const NEXT_GEN_PSD2: &str = r#"
id = "own-tulp"
name = "Own NextGenPSD2 bank"
bic = "TULPNL2A"
countries = ["NL"]
executes_at_approval = true
api_base_url = "{tls}/bg-tulp"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]

[standard.next-gen-psd2]
version = "1.3.12"
explicit_authorisation = true

[standard.next-gen-psd2.oauth]
client_token_first = true
scope_of_client_token = "payments"
token_endpoint = "{tls}/bg-tulp/oauth/token"
token_endpoint_auth = "client_secret_basic"

[registration]
method = "client_metadata"
endpoint = "{tls}/bg-tulp/oauth/register"
redirect_uris = ["https://gateway.example/callback"]
metadata.contacts = ["operations@gateway.example"]
"#;

const FIRST_CALL: &str = r#"
id = "own-birke"
name = "Own bank that notes certificates"
bic = "BIRKDEFF"
countries = ["DE"]
executes_at_approval = true
api_base_url = "{tls}/bg-birke"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["decoupled"]
capabilities = ["single_payment"]

[standard.next-gen-psd2]
version = "1.3.12"

[registration]
method = "first_call"
"#;

/// A file of UK Open Banking without a discovery document: the simulated one is at http.
const UK: &str = r#"
id = "own-flint"
name = "Own UK bank"
bic = "FLINGB21"
countries = ["GB"]
api_base_url = "{tls}/ob-flint/open-banking/v3.1/pisp"
rails = ["faster_payments"]
currencies = ["GBP"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]

[api_headers]
x-client-application = "flint-application-1"

[standard.uk-open-banking]
version = "3.1.11"
issuer = "{tls}/ob-flint"
response_modes = ["query"]
flow = "code"
authorization_parameters.display = "{consent_id}"
final_status = "AcceptedSettlementCompleted"
token_endpoint_auth = "client_secret_post"

[standard.uk-open-banking.endpoints]
authorization = "{tls}/ob-flint/authorize"
token = "{tls}/ob-flint/token"
keys = "{tls}/ob-flint/jwks"

[standard.uk-open-banking.signing]
bank_signs = true
header_claims = ["iat", "iss"]
issuer = "organisation_identifier"

[registration]
method = "software_statement"
endpoint = "{tls}/ob-flint/register"
software_statement = "file:../statement.jwt"
audience = "{issuer}"
redirect_uris = ["https://gateway.example/callback"]
"#;

/// Writes the statement of the simulated directory about our certificate.
fn write_statement(place: &Workplace, redirect_uri: &str) {
    let pem = std::fs::read_to_string(place.folder.path().join("trusted/qseal.pem")).unwrap();
    let url = format!("http://localhost:{}/sim/software-statements", place.bank_port);
    let body = json!({
        "certificate": pem, "key_id": "qseal", "software_name": "Bascule",
        "redirect_uris": [redirect_uri],
    });
    let answer = place.call(&url, &body);
    let statement = answer["software_statement"].as_str().unwrap_or_else(|| panic!("{answer}"));
    std::fs::write(place.folder.path().join("banks/statement.jwt"), statement).unwrap();
}

#[test]
fn each_standard_registers_in_its_own_way_and_the_client_is_known() {
    let place = Workplace::new(&[]);
    write_statement(&place, REDIRECT_URI);
    let address = format!("http://localhost:{}/ob-flint", place.bank_port);
    let files = [
        ("nl/own-tulp.toml", NEXT_GEN_PSD2),
        ("de/own-birke.toml", FIRST_CALL),
        ("gb/own-flint.toml", UK),
    ];
    for (file, text) in files {
        let text = text.replace("{tls}", &tls(place.bank_port)).replace("{issuer}", &address);
        write_bank(place.folder.path(), file, &text);
    }
    let mut said = vec![];
    for bank in ["own-tulp", "own-birke", "own-flint"] {
        said.push(
            place.run(&format!(
                "banks register banks {bank} --data-dir data --certificates trusted"
            )),
        );
    }
    // The token shows that the client is known: by its secret, or by its own key.
    said.push(place.run("banks try banks --certificates trusted --data-dir data"));
    said.push(place.run("banks registrations --data-dir data"));
    insta::assert_snapshot!(without_chance(&said.join("\n\n")));
}

#[test]
fn a_refused_registration_leaves_nothing_and_a_lost_answer_is_not_repeated() {
    let place = Workplace::new(&[("fr/own-stet.toml", STET)]);
    let file = |from: &str, to: &str| {
        let text = STET.replace("{tls}", &tls(place.bank_port)).replace(from, to);
        write_bank(place.folder.path(), "fr/own-stet.toml", &text);
    };
    let register = "banks register banks own-stet --data-dir data --certificates trusted";
    file("method =", "metadata.scope = \"aisp\"\nmethod =");
    let refused = place.run(register);
    let nothing = place.run("banks registrations --data-dir data");
    // The bank made a client, and its answer cannot be read.
    let faults = format!("http://localhost:{}/sim/faults", place.bank_port);
    place.call(
        &faults,
        &json!({ "bank": "stet-hetre", "operation": "any", "scenario": "malformed_answer", "times": 1 }),
    );
    file("method =", "method =");
    let lost = place.run(register);
    let not_repeated = place.run(register);
    let open = place.run("banks registrations --data-dir data");
    let again = place.run(&format!("{register} --again"));
    let all = [refused, nothing, lost, not_repeated, open, again].join("\n\n");
    insta::assert_snapshot!(without_chance(&all));
}
