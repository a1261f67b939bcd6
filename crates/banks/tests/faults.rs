//! Errors at a bank, distinguished by their meaning for the money.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::{
    AccessToken, BODY_BYTES_MAX, BankError, OrderAnswer, Proof, Protocols, Request, Response,
    WireError,
};
use domain::account::AccountIdentifier;
use domain::authorisation::{BankRefusal, RefusalKind};
use domain::bank::{ConsentProgress, OrderProgress};
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use jiff::Timestamp;
use serde_json::{Value, json};
use support::bank::{
    BANK_KEY, OTHER_KEY, consent_of, detached, detached_header, key_set, order_of, signed, unsigned,
};
use support::judge::{Judge, documented};
use support::{Opened, Scene, consent_status, open_payment, order, run};

type Answer = Result<Response, WireError>;

fn proof() -> Proof {
    Proof::Token(AccessToken {
        access_token: "psu-token".to_owned(),
        expires_at: Timestamp::MAX,
        refresh: None,
    })
}

fn submit(scene: &Scene, banks: &Protocols) -> Result<OrderAnswer, BankError> {
    let protocol = banks.protocol_for(&scene.profile);
    run(protocol.submit(&scene.call(), &order(), "58923", &proof(), "key-2"))
}

/// The error of an order that is answered so, at a bank that does not answer questions about it.
fn submit_with(answer: impl FnMut(&Request) -> Answer + Send + 'static) -> BankError {
    let (scene, banks) = (Scene::new(), Protocols::new());
    scene.bank.on("create-domestic-payment", answer);
    let silent = Err(WireError::NoAnswer("timed out".to_owned()));
    scene.bank.always("get-domestic-payment", silent);
    submit(&scene, &banks).unwrap_err()
}

fn open(scene: &Scene, banks: &Protocols) -> Result<Opened, BankError> {
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &scene.call(), &order(), "s", "n", "key-1"))
}

fn open_with(answer: impl FnMut(&Request) -> Answer + Send + 'static) -> BankError {
    let (scene, banks) = (Scene::new(), Protocols::new());
    scene.bank.on("create-domestic-payment-consent", answer);
    open(&scene, &banks).unwrap_err()
}

fn error_body() -> Value {
    json!({ "Code": "400 BadRequest", "Id": "x", "Message": "Invalid request",
        "Errors": [{ "ErrorCode": "UK.OBIE.Resource.ConsentMismatch", "Message": "differs",
            "Path": "Data.Initiation" }] })
}

/// The class of each answer to an order and to a consent.
#[test]
fn every_kind_of_answer_has_its_class() {
    if let Some(judge) = Judge::load() {
        judge.accept("OBErrorResponse1", &error_body());
    }
    let body = || error_body().to_string();
    let mut table = String::new();
    let kinds: Vec<(&str, Answer)> = vec![
        ("not sent", Err(WireError::NotSent("connection refused".to_owned()))),
        ("no answer", Err(WireError::NoAnswer("timed out".to_owned()))),
        ("201 truncated", Ok(signed_text(201, r#"{"Data":{"ConsentId":"58"#))),
        ("201 empty", Ok(signed_text(201, ""))),
        ("201 not JSON", Ok(signed_text(201, "<html>"))),
        ("201 wrong type", Ok(signed(201, &json!({ "Data": { "ConsentId": 5 } })))),
        ("201 array", Ok(signed(201, &json!([1])))),
        ("201 two documents", Ok(signed_text(201, "{}{}"))),
        ("200 huge", Ok(unsigned(200, vec![b' '; BODY_BYTES_MAX + 1]))),
        ("202", Ok(signed(202, &json!({})))),
        ("204", Ok(unsigned(204, ""))),
        ("302", Ok(unsigned(302, ""))),
        ("400", Ok(unsigned(400, body()))),
        ("400 without a body", Ok(unsigned(400, ""))),
        ("401", Ok(unsigned(401, ""))),
        ("403", Ok(unsigned(403, "<html>"))),
        ("404", Ok(unsigned(404, ""))),
        ("408", Ok(unsigned(408, ""))),
        ("409", Ok(unsigned(409, body()))),
        ("415", Ok(unsigned(415, ""))),
        ("429", Ok(unsigned(429, ""))),
        ("500", Ok(unsigned(500, body()))),
        ("503", Ok(unsigned(503, ""))),
        ("600", Ok(unsigned(600, ""))),
    ];
    for (kind, answer) in kinds {
        let at_order = submit_with({
            let answer = answer.clone();
            move |_| answer.clone()
        });
        let at_consent = open_with(move |_| answer.clone());
        assert!(!matches!(at_order, BankError::Malformed { .. }), "{kind}: {at_order}");
        table += &format!("{kind}\n    order:   {at_order}\n    consent: {at_consent}\n");
    }
    insta::assert_snapshot!(table);
}

fn signed_text(status: u16, body: &str) -> Response {
    let signature = detached(&BANK_KEY, &detached_header(), body.as_bytes());
    let headers = vec![("x-jws-signature".to_owned(), signature)];
    Response { status, headers, body: body.as_bytes().to_vec() }
}

#[test]
fn the_documented_error_is_read() {
    let Some(example) = documented("profiles_read-write-data-api-profile-05") else { return };
    let error = submit_with(move |_| Ok(unsigned(400, example.to_string())));
    let text = "...; ...; ...".to_owned();
    let refusal = BankRefusal {
        kind: RefusalKind::Content,
        http_status: 400,
        code: Some("...".to_owned()),
        text,
    };
    assert_eq!(error, BankError::Refused(refusal));
}

/// An answer without the bank's signature is not believed, and an order stays open.
#[test]
fn answers_that_are_not_signed_right_are_not_believed() {
    let spoilt: [fn(&mut Response); 5] = [
        |response| response.headers.clear(),
        |response| response.headers.push(response.headers[0].clone()),
        |response| response.body.push(b' '),
        |response| {
            let header = detached_header();
            response.headers[0].1 = detached(&OTHER_KEY, &header, &response.body);
        },
        |response| {
            let mut header = detached_header();
            header["kid"] = json!("unknown");
            response.headers[0].1 = detached(&BANK_KEY, &header, &response.body);
        },
    ];
    for (index, spoil) in spoilt.into_iter().enumerate() {
        let error = submit_with(move |request| {
            let mut response = signed(201, &order_of(&request.body));
            spoil(&mut response);
            Ok(response)
        });
        assert!(matches!(error, BankError::Unknown { .. }), "{index}: {error}");
        let error = open_with(move |request| {
            let mut response = signed(201, &consent_of(&request.body));
            spoil(&mut response);
            Ok(response)
        });
        assert!(matches!(error, BankError::Malformed { .. }), "{index}: {error}");
        assert!(error.to_string().contains("x-jws-signature"), "{error}");
    }
}

/// An order's answer with a wrong signature names the order; the signed answer to a question decides.
#[test]
fn an_order_whose_answer_is_not_signed_is_asked_about_by_its_id() {
    let asked = |change: fn(&mut Value)| {
        let (scene, banks) = (Scene::new(), Protocols::new());
        let made = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
        let kept = std::sync::Arc::clone(&made);
        scene.bank.on("create-domestic-payment", move |request| {
            let body = order_of(&request.body);
            *kept.lock().unwrap() = body.clone();
            Ok(unsigned(201, body.to_string()))
        });
        scene.bank.on("get-domestic-payment", move |_| {
            let mut body = made.lock().unwrap().clone();
            body["Data"]["Status"] = json!("AcceptedCreditSettlementCompleted");
            change(&mut body);
            Ok(signed(200, &body))
        });
        let answer = submit(&scene, &banks);
        assert_eq!(scene.bank.count("create-domestic-payment"), 1, "sent once");
        assert_eq!(scene.bank.count("get-domestic-payment"), 1);
        answer
    };
    let answered = asked(|_| {}).unwrap();
    assert_eq!(answered.status.progress, OrderProgress::Completed);
    let of_another_consent = asked(|body| body["Data"]["ConsentId"] = json!("other"));
    assert!(matches!(of_another_consent, Err(BankError::Unknown { .. })));
    let of_another_id = asked(|body| body["Data"]["DomesticPaymentId"] = json!("other"));
    assert!(matches!(of_another_id, Err(BankError::Unknown { .. })));
}

#[test]
fn a_new_key_of_the_bank_is_fetched_once() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    open(&scene, &banks).unwrap();
    scene.bank.always("get-keys", Ok(unsigned(200, key_set("new", &OTHER_KEY).to_string())));
    scene.bank.on("create-domestic-payment", |request| {
        let mut header = detached_header();
        header["kid"] = json!("new");
        let body = order_of(&request.body).to_string();
        let signature = detached(&OTHER_KEY, &header, body.as_bytes());
        let headers = vec![("x-jws-signature".to_owned(), signature)];
        Ok(Response { status: 201, headers, body: body.into_bytes() })
    });
    submit(&scene, &banks).unwrap();
    assert_eq!(scene.bank.count("get-keys"), 2);
    submit(&scene, &banks).unwrap();
    assert_eq!(scene.bank.count("get-keys"), 2);
}

/// The contents of an answer must be about our order.
#[test]
fn an_answer_about_something_else_leaves_the_order_open() {
    for (pointer, value) in [
        ("/Data/ConsentId", json!("another")),
        ("/Data/DomesticPaymentId", json!("")),
        ("/Data/DomesticPaymentId", json!("x".repeat(129))),
        ("/Data/Initiation/InstructedAmount/Amount", json!("165.89")),
        ("/Data/Initiation/InstructedAmount/Currency", json!("EUR")),
        ("/Data/Status", json!(null)),
    ] {
        let error = submit_with(move |request| {
            let mut order = order_of(&request.body);
            *order.pointer_mut(pointer).unwrap() = value.clone();
            Ok(signed(201, &order))
        });
        assert!(matches!(error, BankError::Unknown { .. }), "{pointer}: {error}");
    }
    let error = open_with(|request| {
        let mut consent = consent_of(&request.body);
        consent["Data"]["Initiation"]["InstructedAmount"]["Amount"] = json!("1658.80");
        Ok(signed(201, &consent))
    });
    assert!(matches!(error, BankError::Malformed { .. }), "{error}");
}

#[test]
fn an_amount_written_otherwise_and_unknown_fields_are_no_fault() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    scene.bank.on("create-domestic-payment", |request| {
        let mut order = order_of(&request.body);
        order["Data"]["Initiation"]["InstructedAmount"]["Amount"] = json!("165.8800");
        order["Data"]["Surprise"] = json!({ "a": [1] });
        order["Data"]["Refund"]["Account"]["SchemeName"] = json!("UK.OBIE.PAN");
        Ok(signed(201, &order))
    });
    assert_eq!(submit(&scene, &banks).unwrap().refund_account, None);
    scene.bank.on("create-domestic-payment", |request| {
        let mut order = order_of(&request.body);
        order["Data"]["Refund"] = json!({ "Account": 5 });
        Ok(signed(201, &order))
    });
    assert_eq!(submit(&scene, &banks).unwrap().refund_account, None);
}

#[test]
fn a_status_is_read_even_where_the_rest_is_not() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let shown = json!({ "Data": { "DomesticPaymentId": "58923-001", "Initiation": 5,
        "Status": "AcceptedCreditSettlementCompleted" } });
    scene.bank.always("get-domestic-payment", Ok(signed(200, &shown)));
    let consent = json!({ "Data": { "ConsentId": "58923", "Status": "Consumed" } });
    scene.bank.always("get-domestic-payment-consent", Ok(signed(200, &consent)));
    let protocol = banks.protocol_for(&scene.profile);
    let status = run(protocol.ask_status(&scene.call(), &order(), "58923-001", None)).unwrap();
    assert_eq!(status.progress, OrderProgress::Completed);
    let progress = run(consent_status(protocol, &scene.call(), "58923"));
    assert_eq!(progress, Ok(ConsentProgress::Consumed));

    let error = run(protocol.ask_status(&scene.call(), &order(), "another", None)).unwrap_err();
    assert!(matches!(error, BankError::Malformed { .. }), "{error}");
    let error = run(consent_status(protocol, &scene.call(), "another")).unwrap_err();
    assert!(matches!(error, BankError::Malformed { .. }), "{error}");
}

/// While nothing has been sent, nothing is open: keys come before the order.
#[test]
fn trouble_before_the_order_is_sent_is_unavailable() {
    for operation in ["discover", "get-keys"] {
        for answer in [
            Err(WireError::NoAnswer("timed out".to_owned())),
            Ok(unsigned(404, "")),
            Ok(unsigned(503, "")),
            Ok(unsigned(302, "")),
            Ok(unsigned(200, "{}")),
        ] {
            let (scene, banks) = (Scene::new(), Protocols::new());
            scene.bank.always(operation, answer);
            let error = submit(&scene, &banks).unwrap_err();
            assert!(matches!(error, BankError::Unavailable { .. }), "{operation}: {error}");
            assert_eq!(scene.bank.count("create-domestic-payment"), 0);
        }
    }
}

#[test]
fn discovery_must_be_the_profiles_own() {
    for (field, value) in [
        ("issuer", "http://bank.test:8001/ob-modelo"),
        ("token_endpoint", "http://evil.test/token"),
        ("token_endpoint", "http://bank.test:8002/token"),
        ("token_endpoint", "http://bank.test:8001@evil.test/token"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "/authorize"),
        ("jwks_uri", "ftp://bank.test:8001/jwks"),
    ] {
        let (scene, banks) = (Scene::new(), Protocols::new());
        let mut discovery = scene.bank.discovery();
        discovery[field] = json!(value);
        scene.bank.always("discover", Ok(unsigned(200, discovery.to_string())));
        let error = open(&scene, &banks).unwrap_err();
        assert!(matches!(error, BankError::Malformed { .. }), "{field} {value}: {error}");
        assert_eq!(scene.bank.seen().len(), 1, "nothing is sent anywhere");
    }
}

#[test]
fn links_in_answers_lead_nowhere() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    scene.bank.on("create-domestic-payment", |request| {
        let mut order = order_of(&request.body);
        order["Links"]["Self"] = json!("http://evil.test/steal");
        Ok(signed(201, &order))
    });
    submit(&scene, &banks).unwrap();
    assert!(scene.bank.seen().iter().all(|r| r.url.starts_with("http://bank.test:8001/")));
}

#[test]
fn a_client_token_that_the_bank_forgot_is_replaced_once() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    open(&scene, &banks).unwrap();
    let mut first = true;
    scene.bank.on("create-domestic-payment-consent", move |request| {
        if std::mem::take(&mut first) {
            return Ok(unsigned(401, ""));
        }
        Ok(signed(201, &consent_of(&request.body)))
    });
    open(&scene, &banks).unwrap();
    assert_eq!(scene.bank.count("get-client-token"), 2);
    scene.bank.always("create-domestic-payment-consent", Ok(unsigned(401, "")));
    let error = open(&scene, &banks).unwrap_err();
    assert!(matches!(error, BankError::Refused(BankRefusal { http_status: 401, .. })), "{error}");
    assert_eq!(scene.bank.count("create-domestic-payment-consent"), 5);
}

#[test]
fn token_answers_that_cannot_be_used_are_malformed() {
    for (field, value) in [
        ("access_token", json!("with space")),
        ("access_token", json!("line\nbreak")),
        ("access_token", json!("")),
        ("access_token", json!("x".repeat(9000))),
        ("access_token", json!(null)),
        ("token_type", json!("mac")),
        ("expires_in", json!("soon")),
    ] {
        let (scene, banks) = (Scene::new(), Protocols::new());
        let mut token = support::bank::token();
        token[field] = value.clone();
        scene.bank.always("get-client-token", Ok(unsigned(200, token.to_string())));
        let error = open(&scene, &banks).unwrap_err();
        assert!(matches!(error, BankError::Malformed { .. }), "{field} {value}: {error}");
        assert!(!format!("{error:?}").contains("token-1"), "{error:?}");
    }
    let (scene, banks) = (Scene::new(), Protocols::new());
    let refusal = json!({ "error": "invalid_client", "error_description": "who?" });
    scene.bank.always("get-client-token", Ok(unsigned(400, refusal.to_string())));
    let code = Some("invalid_client".to_owned());
    let (kind, text) = (RefusalKind::NotAuthenticated, "who?".to_owned());
    let refusal = BankRefusal { kind, http_status: 400, code, text };
    assert_eq!(open(&scene, &banks).unwrap_err(), BankError::Refused(refusal));
}

/// Orders that the bank cannot take never leave, and the complaint names the field.
#[test]
fn orders_that_exceed_the_banks_limits_are_refused_before_sending() {
    type Change = fn(&mut banks::PaymentOrder);
    let changes: [(&str, Change); 15] = [
        ("field-limit", |o| o.content.remittance_primary = "1234567890123456789".to_owned()),
        ("field-limit", |o| o.end_to_end_id = "x".repeat(32)),
        ("field-limit", |o| {
            o.content.own_references.uk_end_to_end = Some("x".repeat(36));
        }),
        ("field-limit", |o| o.content.creditor.name = Some("é".repeat(351))),
        ("field-limit", |o| o.content.remittance_secondary = Some("x".repeat(141))),
        ("field-missing", |o| o.content.creditor.name = None),
        ("field-missing", |o| o.content.creditor.account = None),
        ("field-missing", |o| o.content.remittance_primary = String::new()),
        ("field-missing", |o| risk(o).delivery_address.as_mut().unwrap().town_name = None),
        ("field-invalid", |o| risk(o).payment_context_code = Some("EcommerceGoods".to_owned())),
        ("field-invalid", |o| risk(o).merchant_category_code = Some("12345".to_owned())),
        ("field-invalid", |o| {
            let (sort_code, account_number) = ("0808".to_owned(), "21325698".to_owned());
            o.content.creditor.account =
                Some(AccountIdentifier::SortCode { sort_code, account_number });
        }),
        ("unsupported", |o| {
            o.content.amount = Amount::parse("1", Currency::EUR).unwrap();
        }),
        ("unsupported", |o| o.rail = Rail::Sepa),
        ("unsupported", |o| {
            o.content.creditor.account = Some(AccountIdentifier::Bankgiro {
                bankgiro_number: "1234567".to_owned(),
                bic: None,
            });
        }),
    ];
    for (index, (expected, change)) in changes.into_iter().enumerate() {
        let (scene, banks) = (Scene::new(), Protocols::new());
        let mut order = order();
        change(&mut order);
        let protocol = banks.protocol_for(&scene.profile);
        match run(open_payment(protocol, &scene.call(), &order, "s", "n", "k")) {
            Err(BankError::Refused(BankRefusal { code, http_status: 0, .. })) => {
                assert_eq!(code.as_deref(), Some(expected), "{index}");
            }
            other => panic!("{index}: {other:?}"),
        }
        assert!(scene.bank.seen().is_empty());
    }
}

fn risk(order: &mut banks::PaymentOrder) -> &mut domain::initiation::Risk {
    order.content.risk.as_mut().unwrap()
}

#[test]
fn headers_take_nothing_that_could_split_them() {
    let (scene, banks) = (Scene::new(), Protocols::new());
    let mut call = scene.call();
    call.psu.user_agent = Some("a\nb".to_owned());
    let protocol = banks.protocol_for(&scene.profile);
    run(open_payment(protocol, &call, &order(), "s", "n", "k")).unwrap();
    let request = scene.bank.last("create-domestic-payment-consent");
    assert!(
        request
            .headers
            .iter()
            .all(|(name, value)| { !name.starts_with("x-customer") && !value.contains('\n') })
    );
    for key in ["", "with space", "a\nb", &"k".repeat(41)] {
        let error = run(open_payment(protocol, &call, &order(), "s", "n", key)).unwrap_err();
        assert!(
            matches!(error, BankError::Refused(BankRefusal { http_status: 0, .. })),
            "{key}: {error}"
        );
    }
    let error = run(consent_status(protocol, &call, "..")).unwrap_err();
    assert!(matches!(error, BankError::Refused(BankRefusal { http_status: 0, .. })), "{error}");
    scene.bank.always("get-domestic-payment", Ok(unsigned(404, "")));
    let _ = run(protocol.ask_status(&call, &order(), "a/../b?c#d", None));
    assert!(scene.bank.last("get-domestic-payment").url.ends_with("/a%2F..%2Fb%3Fc%23d"));
}
