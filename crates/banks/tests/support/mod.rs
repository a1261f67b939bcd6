//! Shared by all tests: a stopped clock, ids that count, and a bank made of closures.
#![allow(dead_code, reason = "each test binary uses its own part of this module")]

pub mod bank;
pub mod judge;

use banks::Approvable;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use banks::profile::{Standard, UkOpenBanking};
use banks::{
    Approval, BankError, BankProfile, Call, ClientCertificate, Credentials, Directory,
    EidasIdentity, Identity, LostOrder, PaymentOrder, Protocol, PsuContext, Returned, SigningKey,
};
use domain::account::{AccountIdentifier, Address, Party};
use domain::authorisation::{Approach, Attempt};
use domain::bank::ConsentProgress;
use domain::initiation::{Order, Risk, Schedule};
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use domain::seams::{BoxFuture, Clock, Ids};
use jiff::Timestamp;

use bank::FakeBank;

/// The moment at which every test begins: 2026-01-02T03:04:05Z.
pub const START_S: i64 = 1_767_323_045;

/// Runs a future that never waits.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in these tests waits"),
    }
}

/// A clock that only a test moves.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance_s(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn sleep(&self, _duration_ms: u64) -> BoxFuture<'static, ()> {
        panic!("this crate never waits")
    }
}

/// Ids that count.
pub struct TestIds(AtomicU64);

impl Ids for TestIds {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = number[index % number.len()];
        }
    }
}

/// One test's surroundings.
pub struct Scene {
    pub profile: BankProfile,
    pub identity: Identity,
    pub bank: FakeBank,
    pub clock: TestClock,
    pub ids: TestIds,
}

impl Scene {
    pub fn new() -> Scene {
        Scene::at("ob-iron")
    }

    pub fn at(bank_id: &str) -> Scene {
        let directory =
            Directory::simulated("http://bank.test:8001", "https://bank.test:8002").unwrap();
        let mut profile = directory.get(bank_id).unwrap().clone();
        if let Standard::UkOpenBanking(own) = &mut profile.standard {
            // The usual order names a code.
            own.payment_context_codes.clear();
        }
        Scene {
            identity: Identity {
                client_id: "client-1".to_owned(),
                redirect_uri: "https://gateway.test/bank-return".to_owned(),
                jws_issuer: "0015800001041RHAAY/HQuZPIt3ipkh33Uxytox1E".to_owned(),
                signing_key: SigningKey::from_pkcs8_der("our-key", &bank::CLIENT_KEY).unwrap(),
                eidas: None,
            },
            bank: FakeBank::new(&profile),
            profile,
            clock: TestClock(AtomicI64::new(START_S)),
            ids: TestIds(AtomicU64::new(1)),
        }
    }

    /// The bank that knows us by our certificates in signatures, with an answer to a first consent.
    pub fn flint() -> Scene {
        let mut scene = Scene::at("ob-flint");
        scene.identity.eidas = Some(EidasIdentity {
            organisation_identifier: "PSDGB-FCA-123456".to_owned(),
            organisation_name: "Gateway".to_owned(),
            transport: Arc::new(ClientCertificate {
                chain_der: vec![b"certificate".to_vec()],
                private_key_pkcs8_der: Vec::new(),
                fingerprint: "ab".to_owned(),
            }),
            seal_certificate_der: Vec::new(),
            seal_key: SigningKey::from_pkcs8_der("seal", &bank::CLIENT_KEY).unwrap(),
            seal_certificate_url: "https://gateway.test/seal".to_owned(),
        });
        scene.bank.on("create-domestic-payment-consent", |request| {
            Ok(bank::signed_with(&["iat", "iss"], 201, &bank::consent_of(&request.body)))
        });
        scene
    }

    pub fn call(&self) -> Call<'_> {
        Call {
            bank: &self.profile,
            identity: &self.identity,
            return_url: &self.identity.redirect_uri,
            wire: &self.bank,
            clock: &self.clock,
            ids: &self.ids,
            timeout_ms: 5_000,
            psu: PsuContext {
                ip_address: Some("203.0.113.7".parse().unwrap()),
                user_agent: Some("Mozilla/5.0 (X11)".to_owned()),
                ..PsuContext::default()
            },
            own_address: [198, 51, 100, 1].into(),
        }
    }
}

/// A consent that waits for the payer's browser.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    pub consent_id: String,
    pub redirect_url: String,
}

/// The keys of an attempt.
pub fn attempt(state: &str, nonce: &str, key: &str) -> Attempt {
    Attempt {
        idempotency_key: key.to_owned(),
        oauth_state: state.to_owned(),
        nonce: nonce.to_owned(),
        code_verifier: "v".repeat(43),
        executes_at_approval: false,
        repeated_creation: None,
        opening: 1,
    }
}

/// Opens a payment at a bank that redirects.
pub async fn open_payment(
    protocol: &dyn Protocol,
    call: &Call<'_>,
    order: &PaymentOrder,
    state: &str,
    nonce: &str,
    key: &str,
) -> Result<Opened, BankError> {
    let attempt = attempt(state, nonce, key);
    match protocol.open(call, Approvable::Payment(order), &attempt, &Credentials::default()).await?
    {
        Approval::Continue {
            consent_id: Some(consent_id),
            approach: Approach::Redirect { url: redirect_url },
            ..
        } => Ok(Opened { consent_id, redirect_url }),
        other => panic!("{other:?}"),
    }
}

/// The bank's status of a consent.
pub async fn consent_status(
    protocol: &dyn Protocol,
    call: &Call<'_>,
    consent_id: &str,
) -> Result<ConsentProgress, BankError> {
    match protocol.ask_lost_order(call, &order(), consent_id, None).await? {
        LostOrder::Consent(progress) => Ok(progress),
        LostOrder::Found(found) => panic!("{found:?}"),
    }
}

/// The parameters of a browser's return.
pub fn returned(code: &str, id_token: &str, state: &str) -> Returned {
    let pairs = [("code", code), ("id_token", id_token), ("state", state)];
    let parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Returned { state: state.to_owned(), parameters }
}

/// The issuer in the profile; of other standards, the address of the API.
pub fn issuer(profile: &BankProfile) -> String {
    match &profile.standard {
        Standard::UkOpenBanking(settings) => settings.issuer.clone(),
        _ => profile.api_base_url.clone(),
    }
}

/// The settings of a UK Open Banking bank.
pub fn settings(profile: &BankProfile) -> &UkOpenBanking {
    let Standard::UkOpenBanking(settings) = &profile.standard else { panic!("another standard") };
    settings
}

/// The same, to be changed.
pub fn settings_mut(profile: &mut BankProfile) -> &mut UkOpenBanking {
    let Standard::UkOpenBanking(settings) = &mut profile.standard else {
        panic!("another standard")
    };
    settings
}

/// The order of the standard's own usage example.
pub fn order() -> PaymentOrder {
    PaymentOrder {
        end_to_end_id: "FRESCO.21302.GFX.20".to_owned(),
        instruction_id: "our-id".to_owned(),
        rail: Rail::FasterPayments,
        content: Order {
            ref_id: "ACME412".to_owned(),
            remittance_primary: "FRESCO-101".to_owned(),
            remittance_secondary: Some("Internal ops code 5120101".to_owned()),
            on_behalf_of_id: None,
            amount: Amount::parse("165.88", Currency::GBP).unwrap(),
            local_instrument: Rail::FasterPayments.into(),
            debtor: None,
            debtor_account_id: None,
            creditor: Party {
                account: Some(AccountIdentifier::SortCode {
                    sort_code: "080800".to_owned(),
                    account_number: "21325698".to_owned(),
                }),
                name: Some("ACME Inc".to_owned()),
                ultimate_name: None,
                address: None,
                bank_name: None,
            },
            schedule: Schedule::Immediate,
            confirm_funds: true,
            return_refund_account: true,
            return_tokenized_account: false,
            creditor_verification_id: None,
            disable_future_dated_payment_conversion: false,
            charge_bearer: None,
            risk: Some(risk()),
            own_references: Default::default(),
        },
    }
}

fn risk() -> Risk {
    Risk {
        psu_id: Some("053598653254".to_owned()),
        payment_context_code: Some("ECOMMERCE_MERCHANT_INITIATED_PAYMENT".to_owned()),
        payment_purpose_code: Some("SUPP".to_owned()),
        merchant_category_code: Some("4812".to_owned()),
        beneficiary_account_type: Some("BUSINESS".to_owned()),
        contract_present_indicator: Some(false),
        beneficiary_prepopulated_indicator: Some(true),
        delivery_address: Some(Address {
            address_line: vec!["Flat 7".to_owned(), "Acacia Lodge".to_owned()],
            street_name: Some("Acacia Avenue".to_owned()),
            building_number: Some("27".to_owned()),
            post_code: Some("GU31 2ZZ".to_owned()),
            town_name: Some("Sparsholt".to_owned()),
            district: None,
            state: Some("Wessex".to_owned()),
            country: Some("GB".to_owned()),
            ..Address::default()
        }),
    }
}

/// A transfer of SEPA.
pub fn sepa_order() -> PaymentOrder {
    let mut order = order();
    order.rail = Rail::Sepa;
    order.content.local_instrument = Rail::Sepa.into();
    order.content.amount = Amount::parse("10.23", Currency::EUR).unwrap();
    let iban = |iban: &str| Some(AccountIdentifier::Iban { iban: iban.to_owned(), bic: None });
    order.content.creditor.account = iban("DE02120300000000202051");
    order.content.debtor =
        Some(Party { account: iban("DE65700202700000001008"), ..order.content.creditor.clone() });
    order.content.remittance_secondary = None;
    order.content.return_refund_account = false;
    order
}
