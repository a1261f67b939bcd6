//! How a British bank is found, and how it knows us: addresses, names, secrets and headers of the
//! bank's own. A bank that wants one of them refuses a request without it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod folder;
mod support;

use std::collections::HashMap;

use banks::jose::{KeySet, verify_compact};
use banks::profile::{Endpoints, TokenEndpointAuth};
use banks::{BankError, BankProfile, Directory, Protocols, Request, redact};
use serde_json::{Value, json};
use support::bank::{CLIENT_KEY, key_set, unsigned};
use support::{Opened, Scene, open_payment, order, run, settings_mut};

use self::folder::Folder;

fn open(scene: &Scene) -> Result<Opened, BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "state-1", "nonce-1", "key-1"))
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

/// The claims of something that we signed.
fn claims(object: &str) -> Value {
    let keys = KeySet::parse(key_set("our-key", &CLIENT_KEY).to_string().as_bytes()).unwrap();
    serde_json::from_slice(&verify_compact(object, &keys).unwrap()).unwrap()
}

fn request_object(opened: &Opened) -> Value {
    let url = url::Url::parse(&opened.redirect_url).unwrap();
    let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
    claims(&query["request"])
}

fn answers_discovery(scene: &Scene, issuer: &str) {
    let at = "http://bank.test:8001/ob-basalt";
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{at}/authorize"),
        "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/jwks"),
    });
    scene.bank.always("discover", Ok(unsigned(200, document.to_string())));
}

// The name of the bank, and its document.

#[test]
fn an_issuer_is_compared_letter_by_letter_with_its_slash() {
    let scene = Scene::at("ob-basalt");
    answers_discovery(&scene, "http://bank.test:8001/ob-basalt/");
    open(&scene).unwrap();
    answers_discovery(&scene, "http://bank.test:8001/ob-basalt");
    assert!(matches!(open(&scene), Err(BankError::Malformed { .. })), "without the slash");
    let mut without = Scene::new();
    without.bank.always("discover", {
        let mut document = without.bank.discovery();
        document["issuer"] = json!("http://bank.test:8001/ob-iron/");
        Ok(unsigned(200, document.to_string()))
    });
    assert!(matches!(open(&without), Err(BankError::Malformed { .. })), "with one too many");
    // The slash is no part of the document's address (OpenID Connect Discovery 1.0, section 4).
    settings_mut(&mut without.profile).issuer = "http://bank.test:8001/ob-iron/".to_owned();
    open(&without).unwrap();
    let document = "http://bank.test:8001/ob-iron/.well-known/openid-configuration";
    assert_eq!(without.bank.last("discover").url, document);
}

#[test]
fn a_discovery_document_may_be_elsewhere() {
    let mut scene = Scene::at("ob-basalt");
    answers_discovery(&scene, "http://bank.test:8001/ob-basalt/");
    open(&scene).unwrap();
    let elsewhere = "http://bank.test:8001/ob-basalt/openid-configuration";
    assert_eq!(scene.bank.last("discover").url, elsewhere);
    // The gateway then believes addresses on that host, too.
    settings_mut(&mut scene.profile).discovery_url = Some("https://open.bank.test/doc".to_owned());
    assert!(scene.profile.allows_url("https://open.bank.test/token"));
    assert!(!scene.profile.allows_url("https://evil.test/token"));
}

#[test]
fn tokens_may_have_another_issuer_than_the_document() {
    let mut scene = Scene::at("ob-basalt");
    // The document may have either name.
    for issuer in ["http://bank.test:8001/ob-basalt/", "http://bank.test:8001/ob-basalt/tokens"] {
        answers_discovery(&scene, issuer);
        let opened = open(&scene).unwrap();
        let audience = "http://bank.test:8001/ob-basalt/tokens";
        assert_eq!(request_object(&opened)["aud"], audience);
    }
    settings_mut(&mut scene.profile).token_issuer = None;
    answers_discovery(&scene, "http://bank.test:8001/ob-basalt/");
    assert_eq!(request_object(&open(&scene).unwrap())["aud"], "http://bank.test:8001/ob-basalt/");
}

#[test]
fn a_bank_whose_file_has_every_address_is_not_asked_for_a_document() {
    let scene = Scene::flint();
    let opened = open(&scene).unwrap();
    assert!(opened.redirect_url.starts_with("http://bank.test:8001/ob-flint/authorize?"));
    assert_eq!(scene.bank.count("discover"), 0);
    assert_eq!(scene.bank.last("get-client-token").url, "http://bank.test:8001/ob-flint/token");
    assert_eq!(scene.bank.last("get-keys").url, "http://bank.test:8001/ob-flint/jwks");
}

#[test]
fn an_address_in_the_file_counts_more_than_the_documents() {
    let mut scene = Scene::new();
    settings_mut(&mut scene.profile).endpoints = Endpoints {
        authorization: Some("bank-app://approve?x=1".to_owned()),
        ..Endpoints::default()
    };
    let url = open(&scene).unwrap().redirect_url;
    assert!(url.starts_with("bank-app://approve?x=1&response_type="), "{url}");
    assert_eq!(scene.bank.count("discover"), 1, "the other addresses are in the document");
    assert_eq!(scene.bank.last("get-client-token").url, "http://bank.test:8001/ob-iron/token");
}

#[test]
fn payments_may_have_a_base_address_of_their_own() {
    let mut scene = Scene::flint();
    open(&scene).unwrap();
    let asked = scene.bank.last("create-domestic-payment-consent").url;
    let base = "http://bank.test:8001/ob-flint/open-banking/v3.1";
    assert_eq!(asked, format!("{base}/pisp/domestic-payment-consents"));
    scene.profile.service_base_urls.payments = None;
    open(&scene).unwrap();
    let asked = scene.bank.last("create-domestic-payment-consent").url;
    assert_eq!(asked, format!("{base}/domestic-payment-consents"));
}

// How the bank knows us.

#[test]
fn a_client_secret_is_in_the_header_or_in_the_body_and_nowhere_else() {
    let mut scene = Scene::at("ob-basalt");
    answers_discovery(&scene, "http://bank.test:8001/ob-basalt/");
    open(&scene).unwrap();
    let asked = scene.bank.last("get-client-token");
    // RFC 6749, section 2.3.1: encoded as in a form, then joined: client-1:open%2Bsecret%2F1
    assert_eq!(header(&asked, "authorization"), Some("Basic Y2xpZW50LTE6b3BlbiUyQnNlY3JldCUyRjE="));
    let sent = form(&asked);
    for name in ["client_id", "client_secret", "client_assertion"] {
        assert!(!sent.contains_key(name), "{name}");
    }

    settings_mut(&mut scene.profile).token_endpoint_auth = TokenEndpointAuth::ClientSecretPost;
    open(&scene).unwrap();
    let asked = scene.bank.last("get-client-token");
    assert_eq!(header(&asked, "authorization"), None);
    let sent = form(&asked);
    assert_eq!(
        (sent["client_id"].as_str(), sent["client_secret"].as_str()),
        ("client-1", "open+secret/1")
    );

    // A profile whose secret was not read asks nothing.
    settings_mut(&mut scene.profile).client_secret = None;
    let before = scene.bank.count("get-client-token");
    assert!(matches!(open(&scene), Err(BankError::Refused(_))));
    assert_eq!(scene.bank.count("get-client-token"), before);
}

#[test]
fn assertions_have_the_audience_of_the_file() {
    let scene = Scene::at("ob-agate");
    scene.bank.always("create-domestic-payment-consent", Ok(unsigned(400, "{}")));
    open(&scene).unwrap_err();
    let sent = form(&scene.bank.last("get-client-token"));
    assert_eq!(claims(&sent["client_assertion"])["aud"], "https://agate.example/clients");
    let usual = Scene::new();
    open(&usual).unwrap();
    let sent = form(&usual.bank.last("get-client-token"));
    assert_eq!(claims(&sent["client_assertion"])["aud"], "http://bank.test:8001/ob-iron/token");
}

#[test]
fn headers_of_the_bank_are_in_every_request_of_a_client_and_in_no_other() {
    let scene = Scene::flint();
    open(&scene).unwrap();
    for operation in ["get-client-token", "create-domestic-payment-consent"] {
        let asked = scene.bank.last(operation);
        assert_eq!(
            header(&asked, "x-client-application"),
            Some("flint-application-1"),
            "{operation}"
        );
    }
    assert_eq!(header(&scene.bank.last("get-keys"), "x-client-application"), None);
}

#[test]
fn no_secret_is_in_a_record_or_a_debug_text() {
    let mut scene = Scene::flint();
    open(&scene).unwrap();
    settings_mut(&mut scene.profile).token_endpoint_auth = TokenEndpointAuth::ClientSecretBasic;
    open(&scene).unwrap();
    let mut texts = vec![format!("{:?}", scene.profile)];
    for request in scene.bank.seen() {
        texts.push(format!("{request:?}"));
        texts.push(redact::request(&request, &|_| String::new()).to_string());
    }
    for text in texts {
        for secret in ["open+secret", "open%2B", "flint-application-1", "b3Blbi"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

// Where secrets come from.

/// A bank of the operator's that is known by a secret.
fn bank_with(secret: &str, headers: &str) -> String {
    let text = include_str!("../../../banks/sim/ob-flint.toml")
        .replace("{simbank}", "https://bank.test")
        .replace("simulated = true\n", "")
        .replace("x-client-application = \"simulated:flint-application-1\"", headers);
    assert!(text.contains("\"simulated:open+secret/1\""));
    text.replace("\"simulated:open+secret/1\"", secret)
}

fn loaded(folder: &Folder) -> Result<BankProfile, String> {
    let directory = Directory::load_dir(&folder.0).map_err(|error| error.to_string())?;
    Ok(directory.get("ob-flint").unwrap().clone())
}

#[test]
fn secrets_are_read_from_files_beside_the_banks_file_and_from_the_environment() {
    let folder = Folder::new("secrets");
    folder.write("gb/secrets/flint.txt", "a b+c\n");
    folder.write(
        "gb/ob-flint.toml",
        &bank_with("\"file:secrets/flint.txt\"", "x-a = \"env:CARGO_PKG_NAME\"\nx-b = \"plain\""),
    );
    let mut bank = loaded(&folder).unwrap();
    let headers: Vec<_> =
        bank.api_headers.iter().map(|(name, text)| (name.as_str(), text.reveal())).collect();
    assert_eq!(headers, [("x-a", Some("banks")), ("x-b", Some("plain"))]);
    let secret = settings_mut(&mut bank).client_secret.take().unwrap();
    assert_eq!(secret.reveal(), Some("a b+c"));
}

#[test]
fn a_secret_that_is_not_there_is_one_line_with_file_and_key() {
    let folder = Folder::new("no-secrets");
    folder.write("gb/empty.txt", " \n");
    folder.write("gb/long.txt", &"x".repeat(20_000));
    folder.write("gb/two-lines.txt", "one\ntwo");
    let key = "`standard.uk-open-banking.client_secret`";
    for (secret, headers, named) in [
        ("\"file:none.txt\"", "", key),
        ("\"file:empty.txt\"", "", key),
        ("\"file:long.txt\"", "", key),
        ("\"file:two-lines.txt\"", "", key),
        ("\"env:NO_SUCH_VARIABLE\"", "", "NO_SUCH_VARIABLE is not set"),
        ("\"env:CARGO_PKG_NAME\"", "x-a = \"file:none.txt\"", "`api_headers.x-a`"),
        ("\"env:CARGO_PKG_NAME\"", "x-a = \"simulated:1\"", "api_headers"),
        ("\"simulated:open\"", "", "client_secret"),
    ] {
        folder.write("gb/ob-flint.toml", &bank_with(secret, headers));
        let error = loaded(&folder).unwrap_err();
        assert!(error.contains("gb/ob-flint.toml") && error.contains(named), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_literal_secret_does_not_load_and_is_not_repeated() {
    let folder = Folder::new("literal-secrets");
    for literal in ["\"hunter2\"", "424242", "[\"hunter2\"]", "{ a = \"hunter2\" }", "\"hunter2"] {
        folder.write("gb/ob-flint.toml", &bank_with(literal, ""));
        let error = loaded(&folder).unwrap_err();
        assert!(error.contains("client_secret"), "{error}");
        assert!(!error.contains("hunter2") && !error.contains("424242"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    // The same in a file that completes a template, which has no lines to show.
    folder.write(
        "gb/ob-flint.toml",
        "template = \"monzo\"\nid = \"ob-flint\"\napi_base_url = \"https://a.test\"\n\
         [standard.uk-open-banking]\nissuer = \"https://a.test\"\nclient_secret = \"hunter2\"\n",
    );
    let error = loaded(&folder).unwrap_err();
    assert!(error.contains("client_secret") && !error.contains("hunter2"), "{error}");
}

#[test]
fn keys_that_contradict_each_other_do_not_load() {
    let good = bank_with("\"env:CARGO_PKG_NAME\"", "x-a = \"b\"");
    BankProfile::parse("ob-flint.toml", &good).unwrap();
    for (from, to, named) in [
        ("client_secret_post", "private_key_jwt", "client_secret"),
        ("client_secret = ", "# client_secret = ", "client_secret"),
        ("client_secret = ", "token_endpoint_audience = \"x\"\nclient_secret = ", "audience"),
        ("response_modes", "discovery_url = \"https://b.test\"\nresponse_modes", "discovery_url"),
        ("\"https://bank.test/ob-flint/authorize\"", "\"javascript:alert(1)\"", "authorization"),
        ("\"https://bank.test/ob-flint/authorize\"", "\"http://bank.test/a\"", "authorization"),
        ("\"https://bank.test/ob-flint/token\"", "\"http://bank.test/t\"", "endpoints.token"),
        ("x-a = ", "authorization = ", "authorization"),
        ("x-a = ", "X-A = ", "X-A"),
        ("x-a = \"b\"", "x-a = \"b\\r\\nx-c: d\"", "x-a"),
        ("[service_base_urls]\npayments", "[service_base_urls]\naccounts", "accounts"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = BankProfile::parse("ob-flint.toml", &good.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
}
