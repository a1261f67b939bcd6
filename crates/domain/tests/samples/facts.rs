//! Every fact about a payment.

use domain::authorisation::{
    AppStart, Approach, AuthorisationFact, BankRefusal, RefusalKind, TakenOrder,
};
use domain::bank::{ConsentProgress, OrderProgress, OrderStatus};
use domain::payment::{CancellationFact, Fact, OrderFact, StatusFact, TokenFact};
use jiff::Timestamp;

use super::{challenge, renewed, sealed, url};

pub fn refusal(http_status: u16) -> BankRefusal {
    let kind = match http_status {
        401 => RefusalKind::NotAuthenticated,
        403 => RefusalKind::NotPermitted,
        _ => RefusalKind::Content,
    };
    BankRefusal { kind, http_status, code: None, text: "no".to_owned() }
}

pub fn status(progress: OrderProgress, raw: &str) -> OrderStatus {
    OrderStatus { progress, raw: raw.to_owned(), reason: None, decline: None }
}

pub fn statuses() -> Vec<(&'static str, OrderStatus)> {
    vec![
        ("Pending", status(OrderProgress::InProcess, "Pending")),
        ("InProcess", status(OrderProgress::InProcess, "AcceptedSettlementInProcess")),
        ("Completed", status(OrderProgress::Completed, "AcceptedSettlementCompleted")),
        ("Rejected", status(OrderProgress::Rejected, "Rejected")),
        ("InsufficientFunds", status(OrderProgress::InsufficientFunds, "Rejected")),
        ("Declined", status(OrderProgress::Declined, "Rejected")),
        ("unknown code", status(OrderProgress::Unrecognised, "Teleported")),
    ]
}

pub fn told(what: AuthorisationFact) -> Fact {
    Fact::Authorisation { idempotency_key: "key-1".to_owned(), what }
}

pub fn continues(approach: Approach) -> AuthorisationFact {
    AuthorisationFact::Continues {
        consent_id: Some("consent-1".to_owned()),
        context: None,
        approach,
    }
}

pub fn approval_facts() -> Vec<(&'static str, Fact)> {
    let text = || "lost".to_owned();
    let redirect = || continues(Approach::Redirect { url: url() });
    let given_up = |malformed| AuthorisationFact::GivenUp { text: text(), malformed };
    vec![
        ("continues: redirect", told(redirect())),
        (
            "continues: redirect, other attempt",
            Fact::Authorisation { idempotency_key: "key-0".to_owned(), what: redirect() },
        ),
        (
            "continues: other redirect",
            told(continues(Approach::Redirect { url: "https://bank.example/two".to_owned() })),
        ),
        ("continues: embedded", told(continues(Approach::Embedded { challenge: challenge() }))),
        ("continues: decoupled", told(continues(Approach::IN_APP))),
        (
            "continues: other app start",
            told(continues(Approach::Decoupled {
                message: None,
                app_start: Some(AppStart {
                    url: Some("bankid:///?autostarttoken=2".to_owned()),
                    qr_code: Some("bankid.2".to_owned()),
                    ends_at: "2026-01-05T10:00:30Z".parse().unwrap(),
                }),
            })),
        ),
        ("waiting", told(AuthorisationFact::Waiting)),
        (
            "granted",
            told(AuthorisationFact::Granted {
                consent_id: "consent-1".to_owned(),
                grant: sealed(),
                usable_until: Timestamp::MAX,
            }),
        ),
        (
            "order taken",
            told(AuthorisationFact::OrderTaken(Box::new(TakenOrder {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::InProcess, "ACTC"),
                refund_account: None,
                grant: None,
            }))),
        ),
        (
            "order taken: completed",
            told(AuthorisationFact::OrderTaken(Box::new(TakenOrder {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::Completed, "ACSC"),
                refund_account: None,
                grant: None,
            }))),
        ),
        ("cancelled", told(AuthorisationFact::Cancelled)),
        ("declined", told(AuthorisationFact::Declined { text: None, decline: None })),
        ("expired", told(AuthorisationFact::Expired)),
        ("no word", told(AuthorisationFact::NoWord)),
        ("still open", told(AuthorisationFact::StillOpen)),
        ("unproven", told(AuthorisationFact::Unproven { text: text() })),
        ("refused", told(AuthorisationFact::Refused(refusal(400)))),
        ("given up", told(given_up(false))),
        ("given up, malformed", told(given_up(true))),
        ("no funds", told(AuthorisationFact::FundsUnavailable)),
        ("unreadable", told(AuthorisationFact::Unreadable { what: text() })),
        ("not sent", told(AuthorisationFact::NotSent)),
        ("answer lost", told(AuthorisationFact::AnswerLost { text: text(), renewed: renewed() })),
        ("grant lost", told(AuthorisationFact::GrantLost { text: text(), renewed: renewed() })),
    ]
}

pub fn facts() -> Vec<(String, Fact)> {
    let returned = |oauth_state: &str| Fact::PsuReturned {
        oauth_state: oauth_state.to_owned(),
        returned: sealed(),
    };
    let text = || "lost".to_owned();
    let mut facts = approval_facts();
    facts.extend([
        ("psu: returned", returned("state-1")),
        ("psu: returned, other attempt", returned("state-0")),
        ("order: refused 400", Fact::Order(OrderFact::Refused(refusal(400)))),
        ("order: refused 403", Fact::Order(OrderFact::Refused(refusal(403)))),
        ("order: not sent", Fact::Order(OrderFact::NotSent { text: text() })),
        ("order: answer lost", Fact::Order(OrderFact::AnswerLost { text: text() })),
        ("status: no word", Fact::Status(StatusFact::NoWord)),
        ("status: unreadable", Fact::Status(StatusFact::Unreadable { what: text() })),
        (
            "status: found",
            Fact::Status(StatusFact::Found {
                bank_payment_id: "order-1".to_owned(),
                status: status(OrderProgress::InProcess, "ACTC"),
                refund_account: None,
            }),
        ),
    ]);
    let mut facts: Vec<(String, Fact)> =
        facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
    for (name, status) in statuses() {
        let what = OrderFact::Answered {
            bank_payment_id: "order-1".to_owned(),
            status,
            refund_account: None,
        };
        facts.push((format!("order: answered {name}"), Fact::Order(what)));
    }
    for (name, status) in statuses() {
        facts.push((format!("status: {name}"), Fact::Status(StatusFact::Order(status))));
    }
    for (name, consent) in [
        ("awaiting", ConsentProgress::AwaitingAuthorisation),
        ("authorised", ConsentProgress::Authorised),
        ("consumed", ConsentProgress::Consumed),
        ("rejected", ConsentProgress::Rejected),
    ] {
        facts.push((format!("consent: {name}"), Fact::Status(StatusFact::Consent(consent))));
    }
    for (name, what) in cancellation_facts() {
        facts.push((name.to_owned(), Fact::Cancellation(what)));
    }
    for (name, what) in [
        ("token: refreshed", TokenFact::Refreshed { grant: sealed() }),
        ("token: refused", TokenFact::Refused { text: "no".to_owned() }),
        ("token: not refreshed", TokenFact::NotRefreshed),
    ] {
        facts.push((name.to_owned(), Fact::Token(what)));
    }
    facts.push(("time ran out".to_owned(), Fact::TimeRanOut));
    facts
}

pub fn cancellation_facts() -> [(&'static str, CancellationFact); 4] {
    [
        ("cancellation: cancelled", CancellationFact::Cancelled),
        (
            "cancellation: needs approval",
            CancellationFact::NeedsApproval {
                consent_id: "order-1".to_owned(),
                context: None,
                approach: Approach::Redirect { url: url() },
            },
        ),
        ("cancellation: refused", CancellationFact::Refused { text: "too late".to_owned() }),
        ("cancellation: answer lost", CancellationFact::AnswerLost),
    ]
}
