//! Payments in every state, and a short way to write a unit of work.

use domain::account::{AccountIdentifier, Address, Party};
use domain::authorisation::{
    Approach, Attempt, Authorisation, Challenge, ChallengeField, FieldKind, Opened, QuestionHint,
    QuestionLabel,
};
use domain::bank::RefundAccount;
use domain::ids::{MemberId, PaymentId};
use domain::initiation::{ChargeBearer, Flow, Initiation, Order, Risk, Schedule, Visit};
use domain::money::{Amount, Currency};
use domain::payment::{
    BankRecord, Creation, End, ErrorInfo, OrderState, Payment, PaymentStep, SentOrder, State, Terms,
};
use domain::rail::Rail;
use domain::sealed::Sealed;
use domain::step::{JobChange, Step};
use jiff::{SignedDuration, Timestamp};
use store::step::Saving;
use store::{Db, StoreError};
use testkit::TestIds;

/// Runs a unit of work: `transact!(db, [a, b] tx => payments::get(tx, &a, &b).await)`. The names
/// in brackets are cloned for each run.
macro_rules! transact {
    ($db:expr, [$($captured:ident),*] $tx:ident => $body:expr) => {
        $db.transact(($($captured.clone(),)*), move |($($captured,)*), $tx| {
            $(let $captured = $captured.clone();)*
            store::unit(async move { $body })
        })
        .await
    };
}
pub(crate) use transact;

/// Monday, 5 January 2026, ten o'clock (UTC).
pub fn start() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

/// `seconds` after [`start`].
pub fn at(seconds: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

pub fn member(name: &str) -> MemberId {
    format!("m:{name}:x").parse().unwrap()
}

pub fn attempt() -> Attempt {
    Attempt {
        idempotency_key: "key-1".to_owned(),
        oauth_state: "state-1".to_owned(),
        nonce: "nonce-1".to_owned(),
        code_verifier: "verifier-1".to_owned(),
        executes_at_approval: true,
        repeated_creation: None,
        opening: 1,
    }
}

pub fn opened() -> Opened {
    Opened { attempt: attempt(), consent_id: Some("consent-1".to_owned()), context: Some(sealed()) }
}

fn challenge() -> Challenge {
    Challenge {
        fields: vec![ChallengeField {
            id: "method".to_owned(),
            kind: FieldKind::Choice,
            label: QuestionLabel::Text("How".to_owned()),
            hint: Some(QuestionHint::Text("Choose one".to_owned())),
            options: vec!["SMS".to_owned(), "Photo".to_owned()],
        }],
        description: Some("Prove that it is you".to_owned()),
        image_base64: Some("aW1hZ2U=".to_owned()),
        flicker_code: Some("11048813".to_owned()),
        is_retry: true,
    }
}

pub fn sealed() -> Sealed {
    Sealed("c2VhbGVk".to_owned())
}

fn order() -> SentOrder {
    SentOrder {
        consent_id: "consent-1".to_owned(),
        idempotency_key: "key-2".to_owned(),
        sent_at: at(60),
        grant: Some(sealed()),
    }
}

fn party(name: &str, account: AccountIdentifier) -> Party {
    Party {
        account: Some(account),
        name: Some(name.to_owned()),
        ultimate_name: Some("Ultimate Ltd".to_owned()),
        address: Some(address()),
        bank_name: Some("Example Bank".to_owned()),
    }
}

fn address() -> Address {
    Address {
        address_line: vec!["Flat 2".to_owned()],
        street_name: Some("High Street".to_owned()),
        building_number: Some("7".to_owned()),
        post_code: Some("AB1 2CD".to_owned()),
        town_name: Some("Exampleton".to_owned()),
        state: None,
        district: None,
        country: Some("GB".to_owned()),
        ..Address::default()
    }
}

/// Everything that a member can ask for.
pub fn initiation(ref_id: &str) -> Initiation {
    let creditor = AccountIdentifier::SortCode {
        sort_code: "123456".to_owned(),
        account_number: "12345678".to_owned(),
    };
    let debtor = AccountIdentifier::Iban {
        iban: "GB33BUKB20201555555555".to_owned(),
        bic: Some("BUKBGB22".to_owned()),
    };
    Initiation {
        order: Order {
            ref_id: ref_id.to_owned(),
            remittance_primary: ref_id.to_owned(),
            remittance_secondary: Some("Zażółć gęślą jaźń".to_owned()),
            on_behalf_of_id: Some("sub-1".to_owned()),
            amount: Amount::parse("10.23", Currency::GBP).unwrap(),
            local_instrument: Rail::FasterPayments.into(),
            debtor: Some(party("Payer", debtor)),
            debtor_account_id: None,
            creditor: party("Customer Inc.", creditor),
            schedule: Schedule::FutureDated { date: jiff::civil::date(2026, 2, 1) },
            confirm_funds: true,
            return_refund_account: true,
            return_tokenized_account: false,
            creditor_verification_id: None,
            disable_future_dated_payment_conversion: true,
            charge_bearer: Some(ChargeBearer::Slev),
            risk: Some(risk()),
            own_references: Default::default(),
        },
        visit: Visit {
            bank_id: Some("ob-modelo".to_owned()),
            callback_url: "https://tpp.example/callback".to_owned(),
            callback_state: Some("opaque".to_owned()),
            flow: Flow::ApiOnly,
            external_psu_reference: Some("psu-1".to_owned()),
            link_expires_at: None,
            pisp_consent_accepted: true,
            bank_countries: vec![],
        },
    }
}

fn risk() -> Risk {
    Risk {
        psu_id: Some("psu-1".to_owned()),
        payment_context_code: Some("ECOMMERCE_MERCHANT_INITIATED_PAYMENT".to_owned()),
        payment_purpose_code: Some("DVPM".to_owned()),
        merchant_category_code: Some("4812".to_owned()),
        beneficiary_account_type: Some("BUSINESS".to_owned()),
        contract_present_indicator: Some(true),
        beneficiary_prepopulated_indicator: Some(false),
        delivery_address: Some(address()),
    }
}

/// A payment that opens at its bank, with the jobs `open_at_bank` and `expire`.
pub fn new_payment(ids: &TestIds, member_id: &MemberId, now: Timestamp) -> PaymentStep {
    let id = PaymentId::new(now, ids);
    let creation = Creation {
        token_request_id: None,
        end_to_end_id: "5d1f0c".to_owned(),
        receipt_to: None,
        initiation: initiation("ORDER-1"),
        execution: None,
        attempt: attempt(),
        credentials: None,
        terms: Terms::default(),
    };
    Payment::create(id, member_id.clone(), creation, now).unwrap()
}

/// The next version of `payment`, in the same state, with these jobs.
pub fn next_version(payment: &Payment, jobs: Vec<JobChange>) -> PaymentStep {
    let mut payment = payment.clone();
    payment.version += 1;
    let events = vec![payment.changed()];
    Step { state: payment, events, jobs, cases: vec![] }
}

/// One payment in each stage, and one whose order has no known id.
pub fn payments_in_every_state() -> Vec<Payment> {
    let known = State::Ordered(OrderState::Processing {
        order: order(),
        bank_payment_id: Some("order-1".to_owned()),
    });
    let mut states = vec![
        State::AwaitingBankChoice,
        State::Approving(Authorisation::Opening {
            attempt: attempt(),
            credentials: Some(sealed()),
            sent: true,
        }),
        State::Approving(Authorisation::OpeningUncertain {
            attempt: attempt(),
            credentials: Some(sealed()),
        }),
        State::Approving(Authorisation::AwaitingRedirect {
            opened: opened(),
            redirect_url: "https://bank.example/authorize?state=state-1".to_owned(),
        }),
        State::Approving(Authorisation::AwaitingCredentials {
            opened: opened(),
            challenge: challenge(),
        }),
        State::Approving(Authorisation::AwaitingDecoupled {
            opened: opened(),
            message: Some("Look at your phone".to_owned()),
            app_start: None,
        }),
        State::Approving(Authorisation::VerifyingReturn {
            opened: opened(),
            returned: Some(sealed()),
            sent: true,
            step: Some(Approach::Redirect { url: "https://bank.example/".to_owned() }),
        }),
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
        State::Ordered(OrderState::Authorised {
            consent_id: "consent-1".to_owned(),
            grant: sealed(),
            redeemed_at: Some(start()),
        }),
        State::Ordered(OrderState::Sent { order: order() }),
        State::Ordered(OrderState::Uncertain { order: order() }),
        known,
        State::Ordered(OrderState::Processing { order: order(), bank_payment_id: None }),
        State::Ordered(OrderState::SetUp {
            order: order(),
            bank_payment_id: Some("order-1".to_owned()),
        }),
    ];
    states.extend(End::ALL.map(|end| State::Final { end }));
    let ids = TestIds::seeded(1);
    states.into_iter().map(|state| payment_in(state, &ids)).collect()
}

fn payment_in(state: State, ids: &TestIds) -> Payment {
    let mut payment = new_payment(ids, &member("a"), start()).state;
    if state == State::AwaitingBankChoice {
        payment.bank_id = None;
        payment.initiation.visit.bank_id = None;
        payment.initiation.visit.flow = Flow::FullHostedPages;
    }
    if state.is_settled() {
        let account = AccountIdentifier::SortCode {
            sort_code: "700001".to_owned(),
            account_number: "70000005".to_owned(),
        };
        payment.bank = BankRecord {
            consent_id: Some("consent-1".to_owned()),
            payment_id: Some("order-1".to_owned()),
            payment_status: Some("AcceptedSettlementCompleted".to_owned()),
            refund_account: Some(RefundAccount { account, name: Some("Payer".to_owned()) }),
        };
        payment.reason = Some("the bank's words".to_owned());
        payment.error = Some(ErrorInfo {
            bank_http_status: Some(503),
            message: "the bank could not be reached".to_owned(),
            from_bank: true,
        });
    }
    payment.state = state;
    payment
}

/// Saves a first Step as it is.
pub async fn create(db: &Db, step: &PaymentStep) -> Result<(), StoreError> {
    transact!(db, [step] tx => store::step::create(tx, &step, Saving::default()).await.map(|_| ()))
}

/// Saves a later Step as it is.
pub async fn update(db: &Db, step: &PaymentStep) -> Result<(), StoreError> {
    transact!(db, [step] tx => store::step::update(tx, &step, Saving::default()).await.map(|_| ()))
}

/// The payment, of any member.
pub async fn load(db: &Db, id: &PaymentId) -> Option<Payment> {
    transact!(db, [id] tx => store::payments::get_any(tx, &id).await).unwrap()
}
