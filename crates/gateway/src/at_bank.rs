//! Calls to a bank for one payment: every exchange is recorded (redacted) and counted.

use std::sync::{Arc, Mutex, PoisonError};

use banks::call::{Call, Identity, PsuContext};
use banks::profile::BankProfile;
use banks::protocol::{Protocol, Protocols};
use banks::redact;
use banks::wire::{Authorities, Request, Response, Wire, WireError};
use domain::ids::MemberId;
use domain::payment::Payment;
use domain::seams::BoxFuture;
use domain::subject::Subject;
use futures_util::future::{Either, select};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::bank_calls::{self, BankCall};
use store::unit;
use tracing::warn;

use crate::App;
use crate::health::{Ending, Health};
use crate::lanes::Place;

/// How long a job waits for a place at its bank, in milliseconds; a lease is three times as long.
const PLACE_WAIT_MS: u64 = 60_000;
/// Exchanges of one job that are recorded; a job makes a dozen at most.
const EXCHANGES_MAX: usize = 64;

/// The surroundings of a job's calls to its payment's bank.
pub(crate) struct AtBank<'a> {
    app: &'a Arc<App>,
    bank: Arc<BankProfile>,
    protocols: Arc<Protocols>,
    identity: Arc<Identity>,
    return_url: Option<String>,
    psu: PsuContext,
    member_id: MemberId,
    place: Option<Place>,
    recorder: Recorder,
}

impl App {
    /// Everything for calls to the payment's bank; `None` if the bank has left the directory.
    pub(crate) fn at_bank<'a>(
        self: &'a Arc<App>,
        payment: &Payment,
        psu: PsuContext,
    ) -> Option<AtBank<'a>> {
        let (bank, protocols) = self.bank_and_protocols(payment)?;
        let (bank_id, tls_authorities) = (bank.id.clone(), bank.tls_authorities());
        Some(AtBank {
            app: self,
            protocols,
            identity: self.identity_at(&bank, &payment.member_id),
            bank,
            return_url: payment.terms.return_url.clone(),
            psu,
            member_id: payment.member_id.clone(),
            place: None,
            recorder: Recorder {
                app: Arc::clone(self),
                bank_id,
                tls_authorities,
                exchanges: Mutex::default(),
            },
        })
    }
}

impl AtBank<'_> {
    /// The bank.
    pub(crate) fn bank(&self) -> &BankProfile {
        &self.bank
    }

    /// Waits for a place at the bank, which is held until this is dropped; `false` where too many
    /// wait already, and the job has to return later.
    pub(crate) async fn enter(&mut self) -> bool {
        let entering = Box::pin(self.app.lanes.at_bank(&self.bank.id, &self.member_id));
        // The lease continues meanwhile.
        let patience = self.app.clock().sleep(PLACE_WAIT_MS);
        self.place = match select(entering, patience).await {
            Either::Left((place, _)) => place,
            Either::Right(_) => None,
        };
        self.place.is_some()
    }

    /// The standard that the bank speaks, and the surroundings of a call.
    pub(crate) fn call(&self) -> (&dyn Protocol, Call<'_>) {
        let call = Call {
            bank: &self.bank,
            identity: &self.identity,
            return_url: self.return_url.as_deref().unwrap_or(&self.identity.redirect_uri),
            wire: &self.recorder,
            clock: self.app.parts.clock.as_ref(),
            ids: self.app.ids(),
            timeout_ms: self.app.parts.settings.bank_timeout_ms,
            psu: self.psu.clone(),
            own_address: self.app.parts.settings.own_address,
        };
        (self.protocols.protocol_for(&self.bank), call)
    }

    /// The exchanges recorded so far, to be saved in the commit of their result. An exchange without
    /// its conclusion, or a conclusion without its exchange, would mislead later readers.
    pub(crate) fn take_calls(&self) -> Vec<BankCall> {
        std::mem::take(&mut *self.recorder.lock())
    }
}

/// Keeps exchanges that led to nothing. A database that cannot keep them stops nothing.
pub(crate) async fn keep(app: &App, subject: &Subject, calls: Vec<BankCall>) {
    if calls.is_empty() {
        return;
    }
    let (of, calls) = (subject.clone(), Arc::new(calls));
    let kept = app
        .db()
        .transact((of, calls), move |(of, calls), tx| {
            unit(async move { bank_calls::insert(tx, of, calls).await })
        })
        .await;
    if let Err(error) = kept {
        warn!(%subject, %error, "exchanges with the bank were not recorded");
    }
}

/// A [`Wire`] that remembers what went over it.
struct Recorder {
    app: Arc<App>,
    bank_id: String,
    tls_authorities: Option<Arc<Authorities>>,
    exchanges: Mutex<Vec<BankCall>>,
}

impl Recorder {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<BankCall>> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a text that travels with the money is recognised and not read.
    fn hash(&self, text: &str) -> String {
        self.app.parts.sealer.keyed_hash(&format!("remittance {text}"))
    }

    fn record(
        &self,
        operation: &'static str,
        asked: Value,
        started_at: Timestamp,
        answer: &Result<Response, WireError>,
    ) {
        let now = self.app.now();
        let duration_ms = now.as_millisecond() - started_at.as_millisecond();
        let ending = Ending::of(answer);
        let health: &Health = self.app.health();
        health.observe(&self.bank_id, operation, ending, duration_ms, now);
        let mut exchanges = self.lock();
        if exchanges.len() >= EXCHANGES_MAX {
            return;
        }
        let hash = |text: &str| self.hash(text);
        let body = match answer {
            Ok(response) => {
                json!({ "request": asked, "response": redact::response(response, &hash) })
            }
            Err(error) => json!({ "request": asked, "error": error.to_string() }),
        };
        let random = domain::ids::random_hex(4, self.app.ids());
        let suffix = format!("{:03}-{random}", exchanges.len());
        exchanges.push(BankCall {
            id: bank_calls::id(started_at, &suffix),
            bank_id: self.bank_id.clone(),
            operation: operation.to_owned(),
            started_at,
            duration_ms,
            outcome: ending.word().to_owned(),
            http_status: answer.as_ref().ok().map(|response| i64::from(response.status)),
            body: body.to_string(),
        });
    }
}

impl Wire for Recorder {
    fn send(&self, mut request: Request) -> BoxFuture<'_, Result<Response, WireError>> {
        Box::pin(async move {
            request.tls_authorities.clone_from(&self.tls_authorities);
            let (operation, asked) =
                (request.operation, redact::request(&request, &|text| self.hash(text)));
            let started_at = self.app.now();
            let answer = self.app.parts.wire.send(request).await;
            self.record(operation, asked, started_at, &answer);
            answer
        })
    }
}
