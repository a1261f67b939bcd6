//! When a token request can be authorised, and what its payment's ids are.

use domain::Refusal;
use domain::ids::PaymentId;
use domain::token_request::{Asked, TOKEN_REQUEST_WINDOW, TokenRequest};
use jiff::SignedDuration;

use crate::samples;

fn request() -> TokenRequest {
    let asked = Asked("{\"iban\":\"secret\"}".to_owned());
    let (id, member_id) = ("rq:1:x".parse().unwrap(), "m:1:x".parse().unwrap());
    TokenRequest::create(id, member_id, asked, samples::initiation(), samples::start())
}

#[test]
fn it_becomes_one_payment_within_twenty_minutes() {
    let payment: PaymentId = "pm2:1:x".parse().unwrap();
    let end = samples::start().checked_add(TOKEN_REQUEST_WINDOW).unwrap();
    let before = end.checked_sub(SignedDuration::from_millis(1)).unwrap();
    assert_eq!(request().become_payment(payment.clone(), end), Err(Refusal::TokenRequestExpired));
    let used = request().become_payment(payment.clone(), before).unwrap();
    assert_eq!((used.payment_id.as_ref(), used.version), (Some(&payment), 2));
    assert!(!used.is_expired(end));
    assert_eq!(used.become_payment(payment, before), Err(Refusal::TokenRequestUsed));
}

#[test]
fn what_was_asked_for_stays_out_of_logs() {
    assert!(!format!("{:?}", request()).contains("secret"));
}

#[test]
fn payment_token_and_transfer_have_one_id() {
    let payment: PaymentId = "pm2:1a:x".parse().unwrap();
    assert_eq!(payment.token_id().as_str(), "tt:1a:x");
    assert_eq!(payment.transfer_id().as_str(), "t:1a:x");
    for text in ["pm2:1a:x", "tt:1a:x", "t:1a:x"] {
        assert_eq!(PaymentId::of_any_role(text), Some(payment.clone()));
    }
    for text in ["rq:1a:x", "1a:x", "", "tt:", "tt:1a:x:y", "m:1a:x"] {
        assert_eq!(PaymentId::of_any_role(text), None, "{text}");
    }
}
