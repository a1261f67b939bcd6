//! Every state of a payment, and every fact about it ([`facts`]).

mod facts;

use domain::account::{AccountIdentifier, Party};
use domain::authorisation::{
    Approach, Attempt, Authorisation, Challenge, ChallengeField, FieldKind, KnownQuestion, Opened,
    RepeatedCreation,
};
use domain::execution::{Execution, StatusTerms};
use domain::ids::{MemberId, PaymentId};
use domain::initiation::{Flow, Frequency, Initiation, Order, Schedule, Visit};
use domain::money::{Amount, Currency};
use domain::payment::{Creation, End, Fact, OrderState, Payment, SentOrder, State, Terms};
use domain::rail::Rail;
use domain::sealed::Sealed;
use jiff::{SignedDuration, Timestamp};

pub use facts::*;

pub fn start() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

pub fn attempt() -> Attempt {
    Attempt {
        idempotency_key: "key-1".to_owned(),
        oauth_state: "state-1".to_owned(),
        nonce: "nonce-1".to_owned(),
        code_verifier: "verifier-1".to_owned(),
        executes_at_approval: false,
        repeated_creation: None,
        opening: 1,
    }
}

pub fn opened() -> Opened {
    Opened { attempt: attempt(), consent_id: Some("consent-1".to_owned()), context: None }
}

/// At a bank that executes at the approval.
pub fn executing() -> Opened {
    Opened { attempt: executing_attempt(), ..opened() }
}

/// At a bank that executes at the approval, and may execute a creation whose answer was lost.
pub fn executing_attempt() -> Attempt {
    let repeated_creation = Some(RepeatedCreation::Never);
    Attempt { executes_at_approval: true, repeated_creation, ..attempt() }
}

/// At a bank where a lost creation can never be executed.
pub fn renewable_attempt() -> Attempt {
    Attempt { repeated_creation: Some(RepeatedCreation::NewKeys), ..attempt() }
}

/// The keys of the opening after this one.
pub fn renewed() -> Box<Attempt> {
    Box::new(Attempt {
        idempotency_key: "key-9".to_owned(),
        oauth_state: "state-9".to_owned(),
        ..attempt()
    })
}

pub fn opening(attempt: Attempt, sent: bool) -> State {
    State::Approving(Authorisation::Opening { attempt, credentials: None, sent })
}

pub fn verifying(opened: Opened, returned: Option<Sealed>, sent: bool) -> State {
    let step = Some(Approach::Redirect { url: url() });
    State::Approving(Authorisation::VerifyingReturn { opened, returned, sent, step })
}

pub fn url() -> String {
    "https://bank.example/authorize".to_owned()
}

pub fn challenge() -> Challenge {
    Challenge {
        fields: vec![ChallengeField {
            id: "otp".to_owned(),
            kind: FieldKind::Text,
            label: KnownQuestion::OneTimePassword.into(),
            hint: None,
            options: vec![],
        }],
        ..Challenge::default()
    }
}

pub fn order() -> SentOrder {
    SentOrder {
        consent_id: "consent-1".to_owned(),
        idempotency_key: "key-2".to_owned(),
        sent_at: start(),
        grant: Some(sealed()),
    }
}

pub fn execution() -> Execution {
    Execution {
        rail: Rail::FasterPayments,
        day: None,
        converted: false,
        status: StatusTerms::default(),
    }
}

pub fn initiation() -> Initiation {
    Initiation {
        order: Order {
            ref_id: "ORDER-1".to_owned(),
            remittance_primary: "ORDER-1".to_owned(),
            remittance_secondary: None,
            on_behalf_of_id: None,
            amount: Amount::parse("10.23", Currency::GBP).unwrap(),
            local_instrument: Rail::FasterPayments.into(),
            debtor: None,
            debtor_account_id: None,
            creditor: Party {
                account: Some(AccountIdentifier::SortCode {
                    sort_code: "123456".to_owned(),
                    account_number: "12345678".to_owned(),
                }),
                name: Some("Customer Inc.".to_owned()),
                ultimate_name: None,
                address: None,
                bank_name: None,
            },
            schedule: Schedule::Immediate,
            confirm_funds: false,
            return_refund_account: false,
            return_tokenized_account: false,
            creditor_verification_id: None,
            disable_future_dated_payment_conversion: false,
            charge_bearer: None,
            risk: None,
            own_references: Default::default(),
        },
        visit: Visit {
            bank_id: Some("ob-modelo".to_owned()),
            callback_url: "https://tpp.example/callback".to_owned(),
            callback_state: None,
            flow: Flow::ApiOnly,
            external_psu_reference: None,
            link_expires_at: None,
            pisp_consent_accepted: true,
            bank_countries: vec![],
        },
    }
}

pub fn sealed() -> Sealed {
    Sealed("sealed".to_owned())
}

pub fn creation() -> Creation {
    Creation {
        token_request_id: None,
        end_to_end_id: "5d1f0c".to_owned(),
        receipt_to: None,
        initiation: initiation(),
        execution: None,
        attempt: attempt(),
        credentials: None,
        terms: Terms::default(),
    }
}

pub fn payment(state: State) -> Payment {
    let id: PaymentId = "pm2:1111:x".parse().unwrap();
    let member: MemberId = "m:1111:x".parse().unwrap();
    let step = Payment::create(id, member, creation(), start()).unwrap();
    let mut payment = step.state;
    if let State::Ordered(OrderState::Processing { bank_payment_id, .. }) = &state {
        payment.bank.payment_id.clone_from(bank_payment_id);
        payment.bank.payment_status = Some("Pending".to_owned());
    }
    if let State::Final { end: End::Completed } = state {
        payment.bank.payment_status = Some("AcceptedSettlementCompleted".to_owned());
    }
    if let State::Ordered(OrderState::SetUp { bank_payment_id, .. }) = &state {
        payment.bank.payment_id.clone_from(bank_payment_id);
        payment.bank.payment_status = Some("ACTC".to_owned());
        payment.initiation.order.schedule = every_month();
    }
    payment.state = state;
    payment
}

/// A standing order without an end.
pub fn every_month() -> Schedule {
    let first = jiff::civil::date(2026, 2, 1);
    Schedule::StandingOrder { first, frequency: Frequency::Mnth, last: None }
}

/// A standing order that the bank repeats.
pub fn set_up() -> State {
    let bank_payment_id = Some("order-1".to_owned());
    State::Ordered(OrderState::SetUp { order: order(), bank_payment_id })
}

pub fn authorised() -> State {
    State::Ordered(OrderState::Authorised {
        consent_id: "consent-1".to_owned(),
        grant: sealed(),
        redeemed_at: None,
    })
}

pub fn states() -> Vec<(String, State)> {
    let known = State::Ordered(OrderState::Processing {
        order: order(),
        bank_payment_id: Some("order-1".to_owned()),
    });
    let mut states = vec![
        State::AwaitingBankChoice,
        opening(attempt(), false),
        State::Approving(Authorisation::AwaitingRedirect { opened: opened(), redirect_url: url() }),
        State::Approving(Authorisation::AwaitingCredentials {
            opened: opened(),
            challenge: challenge(),
        }),
        awaiting_app(opened()),
        verifying(opened(), Some(sealed()), false),
        State::Approving(Authorisation::VerifyingCredentials {
            opened: opened(),
            challenge: challenge(),
            credentials: Some(sealed()),
        }),
        State::AwaitingRedemption {
            consent_id: "consent-1".to_owned(),
            grant: sealed(),
            usable_until: start() + SignedDuration::from_hours(1),
        },
        authorised(),
        State::Ordered(OrderState::Sent { order: order() }),
        State::Ordered(OrderState::Uncertain { order: order() }),
        known,
    ]
    .into_iter()
    .map(|state| (state.name().to_owned(), state))
    .collect::<Vec<_>>();
    states.push(("set up".to_owned(), set_up()));
    states.extend(variants().map(|(name, state)| (name.to_owned(), state)));
    states.extend(End::ALL.map(|end| {
        let state = State::Final { end };
        (state.name().to_owned(), state)
    }));
    states
}

fn awaiting_app(opened: Opened) -> State {
    State::Approving(Authorisation::AwaitingDecoupled { opened, message: None, app_start: None })
}

/// The same states at other banks, or with other things known.
fn variants() -> [(&'static str, State); 14] {
    [
        (
            "processing, id unknown",
            State::Ordered(OrderState::Processing { order: order(), bank_payment_id: None }),
        ),
        (
            "awaiting_redirect, executing bank",
            State::Approving(Authorisation::AwaitingRedirect {
                opened: executing(),
                redirect_url: url(),
            }),
        ),
        ("awaiting_decoupled, executing bank", awaiting_app(executing())),
        ("opening, sent, never repeated", opening(executing_attempt(), true)),
        ("opening, sent, repeated with new keys", opening(renewable_attempt(), true)),
        (
            "opening_uncertain",
            State::Approving(Authorisation::OpeningUncertain {
                attempt: executing_attempt(),
                credentials: None,
            }),
        ),
        ("verifying_return, code sent", verifying(opened(), Some(sealed()), true)),
        ("verifying_return, executing bank", verifying(executing(), Some(sealed()), false)),
        ("verifying_return, executing bank, only asked", verifying(executing(), None, false)),
        (
            "verifying_return, sent, creates at an executing bank",
            verifying(Opened { consent_id: None, ..executing() }, Some(sealed()), true),
        ),
        (
            "verifying_credentials, creates at an executing bank",
            State::Approving(Authorisation::VerifyingCredentials {
                opened: Opened { consent_id: None, ..executing() },
                challenge: challenge(),
                credentials: Some(sealed()),
            }),
        ),
        (
            "verifying_credentials, creates nothing that executes",
            State::Approving(Authorisation::VerifyingCredentials {
                opened: Opened { consent_id: None, ..opened() },
                challenge: challenge(),
                credentials: Some(sealed()),
            }),
        ),
        (
            "verifying_credentials, executing bank",
            State::Approving(Authorisation::VerifyingCredentials {
                opened: executing(),
                challenge: challenge(),
                credentials: Some(sealed()),
            }),
        ),
        (
            "verifying_credentials, executing bank, only asked",
            State::Approving(Authorisation::VerifyingCredentials {
                opened: executing(),
                challenge: challenge(),
                credentials: None,
            }),
        ),
    ]
}

/// 31 days on: every deadline has passed.
pub fn late() -> Timestamp {
    start().checked_add(SignedDuration::from_hours(31 * 24)).unwrap()
}

pub fn moment(fact: &Fact) -> Timestamp {
    if *fact == Fact::TimeRanOut { late() } else { start() }
}
