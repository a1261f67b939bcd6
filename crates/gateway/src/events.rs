//! Events on their way to members: one place where the subject of an event becomes what it shows.

use domain::bank_outage::OutageChanged;
use domain::event::EventKind;
use domain::payment::{Payment, PaymentChanged};
use domain::subject::Subject;
use store::events::{self, Event};
use store::{StoreError, Tx, payments};

/// An event with its subject in the current state.
#[derive(Debug, Clone)]
pub enum Announced {
    /// A payment changed.
    Payment(Box<Payment>, Box<Event<PaymentChanged>>),
    /// A bank's outage began or ended.
    BankOutage(Event<OutageChanged>),
}

impl Announced {
    /// The kind of the event for its member.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Announced::Payment(_, event) => event.kind,
            Announced::BankOutage(event) => event.kind,
        }
    }
}

/// Renders events for webhooks in the public API's words, which only the edge knows.
pub trait EventRenderer: Send + Sync + 'static {
    /// The body of the webhook request.
    fn render(&self, announced: &Announced) -> Vec<u8>;
}

/// The event that made `version` of the subject; `None` if the subject is gone.
pub(crate) async fn load(
    tx: &mut Tx,
    subject: &Subject,
    version: i64,
) -> Result<Option<Announced>, StoreError> {
    match subject {
        Subject::Payment(id) => {
            let Some(payment) = payments::get_any(tx, id).await? else { return Ok(None) };
            let event = events::get(tx, subject, version).await?;
            Ok(Some(Announced::Payment(Box::new(payment), Box::new(event))))
        }
        Subject::BankOutage(_) => {
            let event = events::get(tx, subject, version).await?;
            Ok(Some(Announced::BankOutage(event)))
        }
    }
}
