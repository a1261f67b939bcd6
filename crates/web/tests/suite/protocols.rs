//! Features of the standards beside the immediate payment: days, standing orders, cancellation, funds
//! and refund accounts, asked of each protocol itself. The payer is played, every exchange is
//! judged against the standard's published document, and the profile's `capabilities` are kept.

use banks::approvals::{Approval, Credentials, Held, Pending};
use banks::call::{Call, PsuContext};
use banks::payments::{OrderAnswer, PaymentOrder};
use banks::profile::{BankProfile, Capability};
use banks::protocol::Protocols;
use banks::psu_return::parse_return;
use banks::token::{AccessToken, Proof};
use banks::{Approvable, BankError};
use domain::account::{AccountIdentifier, Party};
use domain::authorisation::{Approach, Attempt};
use domain::bank::OrderProgress;
use domain::initiation::{Frequency, Order, Schedule};
use domain::money::Amount;
use domain::rail::Rail;
use jiff::SignedDuration;

use crate::scenarios::{BANKS, Bank};
use crate::support::payer::{account_of, customer_of};
use crate::support::{Decision, World, identity, worlds};

/// Steps of one approval.
const STEPS_MAX: usize = 8;

pub fn order(bank: &BankProfile, known: &Bank, amount: &str, schedule: Schedule) -> PaymentOrder {
    let (rail, creditor) = match bank.currencies[0].code() {
        "PLN" => (Rail::Elixir, "PL61109010140000071219812874"),
        "EUR" => (Rail::Sepa, "DE02120300000000202051"),
        _ => (Rail::FasterPayments, ""),
    };
    let account = match creditor {
        "" => AccountIdentifier::SortCode {
            sort_code: "500000".to_owned(),
            account_number: "12345602".to_owned(),
        },
        iban => AccountIdentifier::Iban { iban: iban.to_owned(), bic: None },
    };
    let debtor = known.debtor.map(|iban| Party {
        account: Some(AccountIdentifier::Iban { iban: iban.to_owned(), bic: None }),
        name: Some("Payer".to_owned()),
        ..Party::default()
    });
    PaymentOrder {
        end_to_end_id: format!("E2E-{}-{amount}", bank.id).replace('.', "-"),
        instruction_id: format!("I-{}-{amount}", bank.id).replace('.', "-"),
        rail,
        content: Order {
            ref_id: "ORDER-1".to_owned(),
            remittance_primary: "Rent".to_owned(),
            remittance_secondary: None,
            on_behalf_of_id: None,
            amount: Amount::parse(amount, bank.currencies[0]).unwrap(),
            local_instrument: rail.into(),
            debtor,
            debtor_account_id: None,
            creditor: Party {
                account: Some(account),
                name: Some("Customer Inc.".to_owned()),
                ..Party::default()
            },
            schedule,
            confirm_funds: false,
            return_refund_account: true,
            return_tokenized_account: false,
            creditor_verification_id: None,
            disable_future_dated_payment_conversion: false,
            charge_bearer: None,
            risk: None,
            own_references: Default::default(),
        },
    }
}

/// A protocol at one bank, driven as the gateway drives it.
struct Driven<'a> {
    world: &'a World,
    protocols: &'a Protocols,
    call: Call<'a>,
    order: PaymentOrder,
    attempt: Attempt,
}

impl Driven<'_> {
    /// Opens, and plays the payer until the bank has the order, or the grant for it.
    async fn approve(&self) -> Approval {
        let protocol = self.protocols.protocol_for(self.call.bank);
        let (call, order) = (&self.call, &self.order);
        let named = [("psuId".to_owned(), customer_of(&call.bank.id).to_owned())];
        let named = Credentials(named.into());
        let opened =
            protocol.open(call, Approvable::Payment(order), &self.attempt, &named).await.unwrap();
        self.led_to_the_end(Approvable::Payment(order), opened).await
    }

    /// Plays the payer until nothing is left to approve.
    async fn led_to_the_end(&self, what: Approvable<'_>, begins: Approval) -> Approval {
        let protocol = self.protocols.protocol_for(self.call.bank);
        let call = &self.call;
        let mut now = begins;
        let (mut consent, mut kept) = (None, None);
        for _ in 0..STEPS_MAX {
            if let Approval::Continue { consent_id, context, .. } = &now {
                consent = consent_id.clone().or(consent);
                kept.clone_from(context);
            }
            let pending = Pending {
                attempt: &self.attempt,
                consent_id: consent.as_deref(),
                context: kept.as_deref(),
            };
            now = match now {
                Approval::Continue { approach: Approach::Redirect { url }, .. } => {
                    let callback = self.world.walk_pages(&url, Decision::Approve).await;
                    let query = callback.split_once('?').map_or("", |(_, query)| query);
                    let parameters: Vec<(String, String)> =
                        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                    let back = parse_return(&parameters).unwrap();
                    protocol.complete(call, what, pending, &back).await.unwrap()
                }
                Approval::Continue { approach: Approach::Embedded { challenge }, .. } => {
                    let mut answers = Credentials::default();
                    for field in &challenge.fields {
                        let first = field.options.first().map(String::as_str);
                        let answer = self.world.answer_of(&call.bank.id, &field.id, first).await;
                        answers.0.insert(field.id.clone(), answer);
                    }
                    protocol.send_credentials(call, what, pending, &answers).await.unwrap()
                }
                Approval::Continue { approach: Approach::Decoupled { .. }, .. } => {
                    self.world.decide_in_app(&call.bank.id, Decision::Approve).await;
                    let callback = self.world.callbacks.lock().unwrap().pop();
                    match callback {
                        None => protocol.ask(call, what, pending).await.unwrap(),
                        Some(callback) => {
                            let told: std::collections::BTreeMap<String, String> =
                                serde_json::from_str(&callback.body).unwrap();
                            let mut told: Vec<(String, String)> = told.into_iter().collect();
                            told.push(("apiKey".to_owned(), callback.api_key));
                            let back = parse_return(&told).unwrap();
                            protocol.complete(call, what, pending, &back).await.unwrap()
                        }
                    }
                }
                done => return done,
            };
        }
        panic!("{}: no end of steps", call.bank.id);
    }

    /// The order at the bank.
    async fn placed(&self) -> (OrderAnswer, Option<AccessToken>) {
        let protocol = self.protocols.protocol_for(self.call.bank);
        match self.approve().await {
            Approval::OrderTaken { answer, token } => (answer, token),
            Approval::Granted { consent_id, proof } => {
                let sent =
                    protocol.submit(&self.call, &self.order, &consent_id, &proof, "key-1").await;
                (sent.unwrap(), proof.token().cloned())
            }
            other => panic!("{}: {other:?}", self.call.bank.id),
        }
    }

    /// The state of the order; another token is used if the first one has expired.
    async fn progress(&self, placed: &mut (OrderAnswer, Option<AccessToken>)) -> OrderProgress {
        let protocol = self.protocols.protocol_for(self.call.bank);
        let (answer, token) = placed;
        if let Some(token) = token
            && token.expires_at <= self.world.now()
            && let Some(refresh) = token.refresh.clone()
        {
            *token = protocol.refresh(&self.call, &refresh).await.unwrap();
        }
        let asked = protocol
            .ask_status(&self.call, &self.order, &answer.bank_payment_id, token.as_ref())
            .await;
        asked.unwrap_or_else(|error| panic!("{}: {error}", self.call.bank.id)).progress
    }

    async fn cancel(
        &self,
        placed: &(OrderAnswer, Option<AccessToken>),
    ) -> Result<Approval, BankError> {
        let protocol = self.protocols.protocol_for(self.call.bank);
        let (answer, token) = placed;
        let bank_payment_id = &answer.bank_payment_id;
        let held = Held { bank_payment_id, token: token.as_ref(), context: None };
        let what = Approvable::Cancellation { order: &self.order, held };
        protocol.open(&self.call, what, &self.attempt, &Credentials::default()).await
    }
}

/// Runs `check` at every bank of the other standards that has `capability`; how many there were.
async fn at_banks_with(
    world: &World,
    capability: Capability,
    (amount, schedule): (&str, fn(&World) -> Schedule),
    check: impl AsyncFn(&Driven<'_>),
) -> usize {
    let directory = banks::Directory::simulated("http://localhost:8001", "https://localhost:8002");
    let directory = directory.unwrap();
    let (protocols, identity) = (Protocols::new(), identity());
    let mut seen = 0;
    for known in &BANKS {
        let bank = directory.get(known.id).unwrap();
        if known.id.starts_with("ob-") || !bank.capabilities.contains(&capability) {
            continue;
        }
        seen += 1;
        let order = order(bank, known, amount, schedule(world));
        let attempt = Attempt {
            idempotency_key: format!("c-{}-{}", bank.id, amount.replace('.', "-")),
            oauth_state: format!("state-{}", bank.id),
            nonce: "nonce-1".to_owned(),
            code_verifier: "v".repeat(64),
            executes_at_approval: bank.executes_at_approval,
            repeated_creation: Some(bank.repeated_creation()),
            opening: 1,
        };
        let call = Call {
            bank,
            identity: &identity,
            return_url: &identity.redirect_uri,
            wire: world.wire.as_ref(),
            clock: world.clock.as_ref(),
            ids: world.ids.as_ref(),
            timeout_ms: 1_000,
            psu: PsuContext { ip_address: Some([203, 0, 113, 9].into()), ..PsuContext::default() },
            own_address: [127, 0, 0, 1].into(),
        };
        check(&Driven { world, protocols: &protocols, call, order, attempt }).await;
    }
    seen
}

fn at_once(_world: &World) -> Schedule {
    Schedule::Immediate
}

fn in_days(world: &World, days: i64) -> jiff::civil::Date {
    let later = world.now().checked_add(SignedDuration::from_hours(days * 24)).unwrap();
    later.to_zoned(jiff::tz::TimeZone::UTC).date()
}

#[tokio::test]
async fn a_payment_for_a_day_is_executed_on_that_day_and_not_before() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let schedule = |world: &World| Schedule::FutureDated { date: in_days(world, 3) };
    let seen =
        at_banks_with(world, Capability::FutureDatedPayment, ("10.31", schedule), async |driven| {
            let bank = &driven.call.bank.id;
            let mut placed = driven.placed().await;
            world.clock.advance(SignedDuration::from_secs(60));
            assert_eq!(driven.progress(&mut placed).await, OrderProgress::InProcess, "{bank}");
            // A bank that closes at weekends opens at most two days later.
            let weekend = if driven.call.bank.opening_hours.is_some() { 2 } else { 0 };
            world.clock.advance(SignedDuration::from_hours(24 * (3 + weekend)));
            assert_eq!(driven.progress(&mut placed).await, OrderProgress::Completed, "{bank}");
        });
    assert!(seen.await >= 7);
}

#[tokio::test]
async fn a_standing_order_is_complete_when_the_bank_repeats_it() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let schedule = |world: &World| Schedule::StandingOrder {
        first: in_days(world, 2),
        frequency: Frequency::Mnth,
        last: Some(in_days(world, 400)),
    };
    let seen =
        at_banks_with(world, Capability::StandingOrder, ("10.32", schedule), async |driven| {
            let bank = &driven.call.bank.id;
            let mut placed = driven.placed().await;
            world.clock.advance(SignedDuration::from_hours(24 * 3));
            assert_eq!(driven.progress(&mut placed).await, OrderProgress::Completed, "{bank}");
        });
    assert!(seen.await >= 7);
}

#[tokio::test]
async fn what_is_not_executed_yet_can_be_cancelled_and_what_is_cannot() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let schedule = |world: &World| Schedule::FutureDated { date: in_days(world, 20) };
    let seen =
        at_banks_with(world, Capability::Cancellation, ("10.33", schedule), async |driven| {
            let bank = &driven.call.bank.id;
            let mut placed = driven.placed().await;
            let answered = driven.cancel(&placed).await.unwrap();
            let bank_payment_id = placed.0.bank_payment_id.clone();
            let held = Held { bank_payment_id: &bank_payment_id, token: None, context: None };
            let what = Approvable::Cancellation { order: &driven.order, held };
            let cancelled = driven.led_to_the_end(what, answered).await;
            assert_eq!(cancelled, Approval::Cancelled, "{bank}");
            assert_eq!(driven.progress(&mut placed).await, OrderProgress::Declined, "{bank}");
        });
    assert!(seen.await >= 6);
    at_banks_with(world, Capability::Cancellation, ("10.34", at_once), async |driven| {
        let bank = &driven.call.bank.id;
        let mut placed = driven.placed().await;
        world.clock.advance(SignedDuration::from_secs(60));
        assert_eq!(driven.progress(&mut placed).await, OrderProgress::Completed, "{bank}");
        assert!(driven.cancel(&placed).await.is_err(), "{bank}");
    })
    .await;
}

#[tokio::test]
async fn the_payers_account_is_told_where_the_bank_tells_it() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let seen =
        at_banks_with(world, Capability::RefundAccount, ("10.35", at_once), async |driven| {
            let bank = driven.call.bank.id.as_str();
            let (answer, _) = driven.placed().await;
            let told = answer.refund_account.unwrap_or_else(|| panic!("{bank} tells no account"));
            let AccountIdentifier::Iban { iban, .. } = told.account else { panic!("{bank}") };
            assert_eq!(iban, account_of(bank), "{bank}");
        });
    assert!(seen.await >= 8);
}

#[tokio::test]
async fn funds_are_confirmed_of_the_account_that_was_named() {
    let worlds = worlds().await;
    let world = &worlds[0];
    for (amount, enough) in [("10.36", true), ("999999.99", false)] {
        at_banks_with(world, Capability::FundsConfirmation, (amount, at_once), async |driven| {
            let bank = driven.call.bank.id.as_str();
            let mut order = driven.order.clone();
            order.content.debtor = Some(Party {
                account: Some(AccountIdentifier::Iban {
                    iban: account_of(bank).to_owned(),
                    bic: None,
                }),
                ..Party::default()
            });
            let protocol = driven.protocols.protocol_for(driven.call.bank);
            let proof = Proof::Token(AccessToken {
                access_token: "none".to_owned(),
                expires_at: world.now(),
                refresh: None,
            });
            let told = protocol.confirm_funds(&driven.call, &order, "consent-1", &proof).await;
            assert_eq!(told.unwrap(), enough, "{bank}");
        })
        .await;
    }
}
