//! Jobs: one effect each, and the runner that performs them.
//!
//! A job is a row, written in the commit that made it necessary. The runner claims due jobs for
//! the length of a lease, performs them outside any transaction, and each result is a fact whose
//! Step finishes the job in its own commit. If the Step makes the next job due at once, the same
//! runner keeps it, so a payment goes from approval to order without waiting for a poll.
//!
//! | job | effect | after a crash |
//! |---|---|---|
//! | [`open_at_bank`] | consent at the bank | the same keys are used again, new ones, or none: `RepeatedCreation` |
//! | [`complete_authorisation`] | code → grant, or the bank's answer | a code that may have been sent is not sent again; other requests are repeated |
//! | [`send_credentials`] | the payer's answers | the bank is only asked from then on |
//! | [`ask_approval`] | a question | the question is asked again |
//! | [`redeem`] | the order | `OrderSent` without an answer: `Uncertain` |
//! | [`ask_status`] | a question | the question is asked again |
//! | [`cancel`] | the wish that the bank does not execute | it is said again: the effect is the same |
//! | [`expire`] | none: looks at the deadline | it is looked at again |
//! | [`deliver`] | one webhook | it is delivered again, with the same id |

pub(crate) mod approval;
mod ask_approval;
mod ask_status;
mod cancel;
mod complete_authorisation;
mod deliver;
mod earlier_payments;
mod expire;
mod holding;
mod open_at_bank;
mod redeem;
mod runner;
mod send_credentials;
mod send_receipt;
mod token;

use std::sync::Arc;

use banks::call::PsuContext;
use banks::payments::PaymentOrder;
use banks::profile::BankProfile;
use domain::account::Party;
use domain::execution::Execution;
use domain::ids::PaymentId;
use domain::payment::{Fact, Payment};
use domain::step::{AuthorisationJob, JobKind, Outcome, PaymentJob};
use domain::subject::Subject;
use jiff::{SignedDuration, Timestamp};
use store::bank_calls::{self, BankCall};
use store::jobs::{Claim, Lease};
use store::step::{self, Saving};
use store::{StoreError, cases, jobs, payments, unit};

use self::holding::Holding;

pub use self::runner::{Runner, recover, run_due};
use crate::{App, GatewayError, tokenized_accounts};

/// Attempts at a step of the opening or the approval before it is given up. No order exists then.
const ATTEMPTS_MAX: i64 = 5;

/// How long a job is postponed if it finds no waiting place at a slow bank or endpoint.
const POSTPONED: SignedDuration = SignedDuration::from_secs(2);

/// The job that the saver of a Step holds afterwards.
#[derive(Debug)]
pub(crate) enum Kept {
    /// This one: it must run it.
    Job(Claim),
    /// None.
    Nothing,
}

/// The result of a job's run.
#[derive(Debug)]
enum Next {
    /// The job is finished, and this one follows at once.
    Job(Claim),
    /// The job is finished with its Step, or belongs to somebody else by now.
    Done,
    /// The job is finished without a Step.
    Finish,
    /// The job is to run again then.
    Repeat(Timestamp),
    /// The job has done nothing and is to run then: too many wait for the same place.
    Postpone(Timestamp),
}

/// The effect of a fact.
enum Observed {
    Moved(Kept),
    Already(Box<Payment>),
    Unexpected,
}

/// Runs a held job, and what follows from it, until it is done or `timeout_ms` have passed. The
/// job continues by itself after that.
pub(crate) async fn run_now(app: &Arc<App>, claim: Claim, psu: PsuContext, timeout_ms: u64) {
    let running = tokio::spawn(runner::run_chain(Arc::clone(app), claim, psu));
    let patience = app.clock().sleep(timeout_ms);
    futures_util::future::select(running, patience).await;
}

/// Runs a held job, and what follows from it, without waiting for it.
pub(crate) fn run_in_background(app: &Arc<App>, claim: Claim, psu: PsuContext) {
    drop(tokio::spawn(runner::run_chain(Arc::clone(app), claim, psu)));
}

async fn run(app: &Arc<App>, claim: &Claim, psu: PsuContext) -> Result<Next, GatewayError> {
    match claim.kind {
        JobKind::Authorisation(AuthorisationJob::OpenAtBank) => {
            open_at_bank::run(app, claim, psu).await
        }
        JobKind::Authorisation(AuthorisationJob::CompleteAuthorisation) => {
            complete_authorisation::run(app, claim, psu).await
        }
        JobKind::Authorisation(AuthorisationJob::SendCredentials) => {
            send_credentials::run(app, claim, psu).await
        }
        JobKind::Authorisation(AuthorisationJob::AskApproval) => {
            ask_approval::run(app, claim).await
        }
        JobKind::Payment(PaymentJob::Redeem) => redeem::run(app, claim).await,
        JobKind::Payment(PaymentJob::AskStatus) => ask_status::run(app, claim).await,
        JobKind::Payment(PaymentJob::Cancel) => cancel::run(app, claim, psu).await,
        JobKind::Expire => expire::run(app, claim).await,
        JobKind::Deliver | JobKind::Payment(PaymentJob::SendReceipt) => {
            let Some(place) = app.lanes.at_endpoint(&claim.member_id).await else {
                return Ok(postponed(app));
            };
            let next = match claim.kind {
                JobKind::Deliver => deliver::run(app, claim).await,
                _ => send_receipt::run(app, claim).await,
            };
            drop(place);
            next
        }
    }
}

/// Applies a fact to its payment and saves the result.
pub(crate) async fn observe(
    app: &Arc<App>,
    payment_id: &PaymentId,
    fact: Fact,
) -> Result<Kept, GatewayError> {
    match commit(app, payment_id, &Conclusion::of(fact), None, &app.new_lease()).await? {
        Observed::Moved(held) => Ok(held),
        Observed::Already(_) | Observed::Unexpected => Ok(Kept::Nothing),
    }
}

/// The conclusion of a job: a fact, and the exchanges behind it.
struct Conclusion {
    fact: Fact,
    calls: Vec<BankCall>,
}

impl Conclusion {
    fn of(fact: Fact) -> Conclusion {
        Conclusion { fact, calls: vec![] }
    }
}

/// A fact that ends its job, whatever it does to the payment.
async fn conclude(
    app: &Arc<App>,
    claim: &Claim,
    conclusion: Conclusion,
) -> Result<Next, GatewayError> {
    match observed(app, claim, conclusion, Some(claim)).await? {
        Observed::Moved(Kept::Job(next)) => Ok(Next::Job(next)),
        Observed::Moved(Kept::Nothing) => Ok(Next::Done),
        Observed::Already(_) | Observed::Unexpected => Ok(Next::Finish),
    }
}

/// Saves what a job has learnt. Nobody else knows it, so a database that does not take it now is
/// asked again for as long as this process lives.
async fn observed(
    app: &Arc<App>,
    claim: &Claim,
    conclusion: Conclusion,
    finishes: Option<&Claim>,
) -> Result<Observed, GatewayError> {
    let id = payment_id_of(claim)?;
    let lease = app.new_lease();
    let mut holding = Holding::new(app, claim);
    loop {
        let error = match commit(app, id, &conclusion, finishes, &lease).await {
            Ok(found) => {
                if holding.may_have_committed() {
                    // The commit that nobody confirmed may have kept the next job under our lease.
                    holding::release(app, &lease).await;
                }
                return Ok(found);
            }
            Err(error) => error,
        };
        holding.wait(error).await?;
    }
}

/// One try at saving a fact with the exchanges it comes from, in one commit.
async fn commit(
    app: &Arc<App>,
    payment_id: &PaymentId,
    conclusion: &Conclusion,
    finishes: Option<&Claim>,
    lease: &Lease,
) -> Result<Observed, GatewayError> {
    let (wanted, finishes) = (payment_id.clone(), finishes.cloned());
    let (lease, now) = (lease.clone(), app.now());
    let shared = Arc::clone(app);
    let fact = conclusion.fact.clone();
    let calls = Arc::new(conclusion.calls.clone());
    let found = app
        .db()
        .transact(
            (shared, wanted, fact, calls, finishes, lease),
            move |(app, wanted, fact, calls, finishes, lease), tx| {
                unit(async move {
                    let Some(payment) = payments::get_any(tx, wanted).await? else {
                        return Ok(None);
                    };
                    if !calls.is_empty() {
                        bank_calls::insert(tx, &Subject::from(wanted), calls).await?;
                    }
                    Ok(Some(match payment.observe(fact, now) {
                        Outcome::Moved(step) => {
                            let saving = Saving { finishes: finishes.as_ref(), keeps: Some(lease) };
                            let saved = step::update(tx, &step, saving).await?;
                            tokenized_accounts::keep_payers_account(app, tx, &step.state).await?;
                            Observed::Moved(saved.kept.map_or(Kept::Nothing, Kept::Job))
                        }
                        Outcome::Already => Observed::Already(Box::new(payment)),
                        Outcome::Unexpected(case) => {
                            cases::open(tx, &payment, &case, now).await?;
                            Observed::Unexpected
                        }
                    }))
                })
            },
        )
        .await?
        .ok_or(GatewayError::PaymentNotFound)?;
    if matches!(found, Observed::Moved(_)) {
        app.jobs_may_be_due();
    }
    Ok(found)
}

/// The id of the payment that a job is about.
fn payment_id_of(claim: &Claim) -> Result<&PaymentId, GatewayError> {
    let other = || StoreError::Corrupt(format!("{} is no payment's job", claim.kind.name()));
    Ok(claim.subject.payment_id().ok_or_else(other)?)
}

/// The payment that a job is about.
async fn payment_of(app: &App, claim: &Claim) -> Result<Option<Payment>, GatewayError> {
    let wanted = payment_id_of(claim)?.clone();
    Ok(app.db().read(move |tx| unit(async move { payments::get_any(tx, &wanted).await })).await?)
}

/// The payment as its bank gets it. The ids are stored with the payment, so each attempt sends
/// the same; 24 characters fit Faster Payments' 31.
pub(crate) fn order_of(bank: &BankProfile, payment: &Payment) -> PaymentOrder {
    let mut content = payment.initiation.order.clone();
    let execution = payment.execution.unwrap_or_else(|| Execution::as_asked(&content));
    content.schedule = execution.schedule(content.schedule);
    content.return_refund_account |= content.return_tokenized_account;
    if content.debtor.is_none() {
        content.debtor = payment.payer_account.clone().map(|account| Party {
            account: Some(account),
            name: None,
            ultimate_name: None,
            address: None,
            bank_name: None,
        });
    }
    bank.leave_out_forbidden(&mut content);
    PaymentOrder {
        end_to_end_id: payment.end_to_end_id().to_owned(),
        instruction_id: payment.end_to_end_id().to_owned(),
        rail: execution.rail,
        content,
    }
}

/// The job finds no place to wait in: it returns, and this time does not count.
fn postponed(app: &App) -> Next {
    let due = app.now().checked_add(POSTPONED).unwrap_or(Timestamp::MAX);
    Next::Postpone(due)
}

/// One second, then twice as long each time, at most five minutes.
fn backoff(app: &App, attempts: i64) -> Timestamp {
    let doublings = u32::try_from(attempts.clamp(1, 10) - 1).unwrap_or(0);
    let wait_s = 2_i64.saturating_pow(doublings).min(300);
    app.now().checked_add(SignedDuration::from_secs(wait_s)).unwrap_or(Timestamp::MAX)
}

/// Finishes a job that ended without a Step. A job that was rescheduled meanwhile stays.
async fn finish(app: &App, claim: &Claim) -> Result<(), GatewayError> {
    let claim = claim.clone();
    app.db()
        .transact(claim, move |claim, tx| unit(async move { jobs::finish(tx, claim).await }))
        .await?;
    Ok(())
}

async fn postpone(app: &App, claim: &Claim, due: Timestamp) -> Result<(), GatewayError> {
    let claim = claim.clone();
    app.db()
        .transact(claim, move |claim, tx| unit(async move { jobs::postpone(tx, claim, due).await }))
        .await?;
    Ok(())
}

async fn repeat(app: &App, claim: &Claim, due: Timestamp) -> Result<(), GatewayError> {
    let claim = claim.clone();
    app.db()
        .transact(claim, move |claim, tx| unit(async move { jobs::repeat(tx, claim, due).await }))
        .await?;
    app.jobs_may_be_due();
    Ok(())
}
