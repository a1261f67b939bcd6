//! When a token request can be authorised, and what its payment's ids are.

use domain::Refusal;
use domain::ids::PaymentId;
use domain::token_request::{
    DESTINATIONS_WINDOW, Destinations, RequestText, TOKEN_REQUEST_WINDOW, TokenRequest,
};
use jiff::SignedDuration;

use crate::samples;

fn request() -> TokenRequest {
    let asked = RequestText("{\"iban\":\"secret\"}".to_owned());
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
fn a_payer_who_comes_in_time_gives_it_twenty_minutes_once() {
    let at = |minutes| samples::start().checked_add(SignedDuration::from_mins(minutes)).unwrap();
    assert_eq!(request().visited(at(20)), Err(Refusal::TokenRequestExpired));
    let opened = request().visited(at(19)).unwrap().unwrap();
    assert!(!opened.is_expired(at(38)) && opened.is_expired(at(39)));
    assert_eq!(opened.visited(at(38)), Ok(None));
}

#[test]
fn what_the_payer_declined_stays_so() {
    let declined = request().decline(samples::start()).unwrap().unwrap();
    assert_eq!((declined.clone().decline(samples::start()), declined.version), (Ok(None), 2));
    let payment: PaymentId = "pm2:1:x".parse().unwrap();
    let refused = declined.clone().become_payment(payment.clone(), samples::start());
    assert_eq!(refused, Err(Refusal::TokenRequestDeclined));
    assert_eq!(declined.clone().visited(samples::start()), Err(Refusal::TokenRequestDeclined));
    assert!(!declined.is_expired(samples::start().checked_add(TOKEN_REQUEST_WINDOW).unwrap()));
    let used = request().become_payment(payment, samples::start()).unwrap();
    assert_eq!(used.decline(samples::start()), Err(Refusal::TokenRequestUsed));
}

#[test]
fn whom_to_pay_is_asked_for_each_bank_and_waited_for_a_minute() {
    let now = samples::start();
    let late = now.checked_add(DESTINATIONS_WINDOW).unwrap();
    let url = Some("https://shop.example/destinations".to_owned());
    let request = TokenRequest { destinations_url: url, ..request() };
    assert_eq!(request.destinations_for("a", now), Destinations::NotAsked);
    assert!(request.payments().is_empty());
    let payment: PaymentId = "pm2:1:x".parse().unwrap();
    let refused = request.clone().become_payment(payment, now);
    assert_eq!(refused, Err(Refusal::TokenRequestWithoutPayee));
    let asked = request.ask_destinations("a", now).unwrap();
    assert_eq!(asked.destinations_for("a", now), Destinations::Awaited);
    assert_eq!(asked.destinations_for("a", late), Destinations::Missing);
    assert_eq!(asked.destinations_for("b", now), Destinations::NotAsked);
    let failed = asked.clone().destinations_not_asked("a").unwrap();
    assert_eq!(failed.destinations_for("a", now), Destinations::Missing);
    assert_eq!(asked.clone().destinations_not_asked("b"), None);
    let text = RequestText("{}".to_owned());
    let none = asked.clone().tell_destinations(text.clone(), &[], now);
    assert_eq!(none, Err(Refusal::TokenRequestWithoutPayee));
    let told = asked.tell_destinations(text, &[samples::initiation()], now).unwrap();
    assert_eq!(told.destinations_for("a", late), Destinations::Known);
    assert_eq!(told.destinations_for("b", late), Destinations::NotAsked);
    assert_eq!(told.payments(), [samples::initiation()]);
    assert_eq!(told.destinations_not_asked("a"), None);
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
