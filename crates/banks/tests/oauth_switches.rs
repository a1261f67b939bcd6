//! The options of a bank's authorisation server in NextGenPSD2, switch by switch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;

use banks::profile::{BankProfile, OAuth, OAuthLink, Standard, TokenEndpointAuth};
use banks::{
    Approvable, Approval, BankError, Credentials, Pending, Protocols, Request, parse_return,
};
use domain::authorisation::Approach;
use serde_json::json;
use support::bank::unsigned;
use support::{Scene, attempt, run, sepa_order as order};

fn oauth(profile: &mut BankProfile) -> &mut OAuth {
    match &mut profile.standard {
        Standard::NextGenPsd2(own) => &mut own.oauth,
        other => panic!("{} has no such settings", other.name()),
    }
}

fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn query(url: &str) -> HashMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// A bank without deviations, whose payers approve by OAuth at `link`.
fn bank(link: &str) -> Scene {
    let mut scene = Scene::at("bg-linden");
    scene.identity.eidas = Scene::flint().identity.eidas;
    let created = json!({
        "transactionStatus": "RCVD", "paymentId": "p-1",
        "_links": { "scaOAuth": { "href": link } },
    });
    scene.bank.always("create-payment", Ok(unsigned(201, created.to_string())));
    let status = json!({ "transactionStatus": "RCVD" }).to_string();
    scene.bank.always("get-payment-status", Ok(unsigned(200, status)));
    let metadata = json!({
        "authorization_endpoint": "https://bank.test:8002/described/authorize",
        "token_endpoint": "https://bank.test:8002/described/token",
    });
    scene.bank.always("get-oauth-metadata", Ok(unsigned(200, metadata.to_string())));
    let token = json!({ "access_token": "t-1", "token_type": "Bearer", "expires_in": 600 });
    for operation in ["exchange-code", "get-client-token"] {
        scene.bank.always(operation, Ok(unsigned(200, token.to_string())));
    }
    scene
}

/// Opens the approval: the address for the browser, and what is remembered.
fn opened(scene: &Scene) -> Result<(String, Option<String>, Option<String>), BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let order = order();
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let known = Credentials::default();
    let what = Approvable::Payment(&order);
    match run(protocol.open(&scene.call(), what, &attempt, &known))? {
        Approval::Continue { consent_id, context, approach: Approach::Redirect { url } } => {
            Ok((url, consent_id, context))
        }
        _ => panic!("the payer goes to the bank"),
    }
}

/// The payer returns with a code.
fn returned(scene: &Scene, consent_id: Option<&str>, context: Option<&str>) {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let order = order();
    let attempt = attempt("state-1", "nonce-1", "key-1");
    let pending = Pending { attempt: &attempt, consent_id, context };
    let returned = {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        parse_return(&[pair("state", "state-1"), pair("code", "c-1")]).unwrap()
    };
    let what = Approvable::Payment(&order);
    assert!(run(protocol.complete(&scene.call(), what, pending, &returned)).is_ok());
}

#[test]
fn the_link_of_a_bank_is_its_metadata_or_the_address_for_the_browser() {
    let scene = bank("https://bank.test:8002/metadata");
    let (url, id, context) = opened(&scene).unwrap();
    assert!(url.starts_with("https://bank.test:8002/described/authorize?"), "{url}");
    assert_eq!(query(&url)["scope"], "PIS:p-1");
    returned(&scene, id.as_deref(), context.as_deref());
    let asked = scene.bank.last("exchange-code");
    assert_eq!(asked.url, "https://bank.test:8002/described/token");
    assert_eq!(form(&asked)["client_id"], "PSDGB-FCA-123456");

    let mut scene = bank("https://bank.test:8002/authorize?bank=7&state=theirs");
    oauth(&mut scene.profile).link = OAuthLink::AuthorizationUrl;
    oauth(&mut scene.profile).token_endpoint =
        Some("https://bank.test:8002/fixed/token".to_owned());
    let (url, id, context) = opened(&scene).unwrap();
    assert!(url.starts_with("https://bank.test:8002/authorize?bank=7&"), "{url}");
    assert_eq!(query(&url)["state"], "state-1");
    assert_eq!(url.matches("state=").count(), 1, "{url}");
    returned(&scene, id.as_deref(), context.as_deref());
    assert_eq!(scene.bank.last("exchange-code").url, "https://bank.test:8002/fixed/token");
    assert_eq!(scene.bank.count("get-oauth-metadata"), 0);
}

#[test]
fn a_client_of_a_secret_has_an_id_of_its_own_and_parameters_name_the_payment() {
    let mut scene = bank("https://bank.test:8002/metadata");
    let own = oauth(&mut scene.profile);
    own.client_id = Some("portal-7".to_owned());
    own.token_endpoint_auth = TokenEndpointAuth::ClientSecretPost;
    own.client_secret = Some(serde_json::from_value(json!("simulated:a b")).unwrap());
    own.authorization_parameters = [("payment".to_owned(), "id={id}".to_owned())].into();
    let (url, id, context) = opened(&scene).unwrap();
    let asked = query(&url);
    assert_eq!((asked["client_id"].as_str(), asked["payment"].as_str()), ("portal-7", "id=p-1"));
    returned(&scene, id.as_deref(), context.as_deref());
    let asked = form(&scene.bank.last("exchange-code"));
    let shown = (asked["client_id"].as_str(), asked["client_secret"].as_str());
    assert_eq!(shown, ("portal-7", "a b"));
}

#[test]
fn a_token_of_our_own_is_kept_and_replaced_once_when_the_bank_refuses_it() {
    let mut scene = bank("https://bank.test:8002/metadata");
    let own = oauth(&mut scene.profile);
    own.client_token_first = true;
    own.token_endpoint = Some("https://bank.test:8002/fixed/token".to_owned());
    let mut answers = vec![
        unsigned(
            201,
            json!({ "transactionStatus": "RCVD", "paymentId": "p-1",
            "_links": { "scaOAuth": { "href": "https://bank.test:8002/metadata" } } })
            .to_string(),
        ),
        unsigned(401, "{}"),
    ];
    scene.bank.on("create-payment", move |_| Ok(answers.pop().unwrap()));
    opened(&scene).unwrap();
    assert_eq!(scene.bank.count("get-client-token"), 2);
    let created = scene.bank.last("create-payment");
    assert_eq!(header(&created, "authorization"), Some("Bearer t-1"));
    // The second refusal is the payer's answer.
    scene.bank.always("create-payment", Ok(unsigned(401, "{}")));
    assert!(matches!(opened(&scene), Err(BankError::Refused(_))));
    assert_eq!(scene.bank.count("create-payment"), 4);
}

#[test]
fn headers_about_the_payer_are_sent_while_no_payer_is_there() {
    let scene = Scene::at("bg-encina");
    let mut scene = Scene { identity: bank("").identity, ..scene };
    if let Standard::NextGenPsd2(own) = &mut scene.profile.standard {
        own.signature = None;
    }
    let status = json!({ "transactionStatus": "ACCP" }).to_string();
    scene.bank.always("get-payment-status", Ok(unsigned(200, status)));
    let asked = |scene: &Scene| {
        let banks = Protocols::new();
        let call = banks::Call { psu: banks::PsuContext::default(), ..scene.call() };
        let protocol = banks.protocol_for(&scene.profile);
        run(protocol.ask_status(&call, &order(), "p-1", None)).unwrap();
        scene.bank.last("get-payment-status")
    };
    let request = asked(&scene);
    assert_eq!(header(&request, "psu-ip-address"), Some("198.51.100.1"), "our own address");
    assert_eq!(header(&request, "psu-user-agent"), Some("Bascule"));
    let application = header(&request, "x-client-application");
    assert_eq!(application, Some("encina-application-1"));
    if let Standard::NextGenPsd2(own) = &mut scene.profile.standard {
        own.required_headers.clear();
    }
    assert_eq!(header(&asked(&scene), "psu-ip-address"), None);
}

#[test]
fn settings_that_cannot_work_do_not_load() {
    let text = include_str!("../../../banks/sim/bg-olmo.toml")
        .replace("{simbank_tls}", "https://bank.test")
        .replace("{simbank_host}", "bank.test");
    for (line, named) in [
        ("before_payment = true", "`oauth.metadata_url` is needed with `before_payment`"),
        ("client_token_first = true", "`oauth.token_endpoint` or `metadata_url` is needed"),
        ("link = \"authorization_url\"", "`oauth.token_endpoint` or `metadata_url` is needed"),
        ("token_endpoint_auth = \"private_key_jwt\"", "cannot be `private_key_jwt`"),
        ("token_endpoint_auth = \"client_secret_post\"", "`oauth.client_secret` is needed"),
        ("scope_of_client_token = \"x\"", "has no use without `client_token_first`"),
        ("authorization_parameters = { state = \"x\" }", "`oauth.authorization_parameters`"),
        ("response_type = \"\"", "`oauth.response_type` must be"),
    ] {
        let text = text.replace(
            "[standard.next-gen-psd2.oauth]\n",
            &format!("[standard.next-gen-psd2.oauth]\n{line}\n"),
        );
        let error = BankProfile::parse("es/bg-olmo.toml", &text).unwrap_err().to_string();
        assert!(error.contains(named) && error.lines().count() == 1, "{line}: {error}");
    }
}
