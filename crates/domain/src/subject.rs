//! The subject of events, jobs, deliveries, cases, bank calls and repeatable requests.

use std::fmt;
use std::str::FromStr;

use crate::ids::{BankOutageId, IdError, PaymentId};

/// Something of a member's that lives by itself. Its id says by its prefix which kind it is, so one
/// column holds the ids of all kinds.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A payment (`pm2:…`, table `payments`).
    Payment(PaymentId),
    /// A bank's outages, as reported to the member (`bo:…`, table `bank_outages`).
    BankOutage(BankOutageId),
}

impl Subject {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Subject::Payment(id) => id.as_str(),
            Subject::BankOutage(id) => id.as_str(),
        }
    }

    /// The part between the colons.
    #[must_use]
    pub fn core(&self) -> &str {
        match self {
            Subject::Payment(id) => id.core(),
            Subject::BankOutage(id) => id.core(),
        }
    }

    /// The payment, where it is one.
    #[must_use]
    pub fn payment_id(&self) -> Option<&PaymentId> {
        match self {
            Subject::Payment(id) => Some(id),
            Subject::BankOutage(_) => None,
        }
    }
}

impl From<PaymentId> for Subject {
    fn from(id: PaymentId) -> Subject {
        Subject::Payment(id)
    }
}

impl From<&PaymentId> for Subject {
    fn from(id: &PaymentId) -> Subject {
        Subject::Payment(id.clone())
    }
}

impl FromStr for Subject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Subject, IdError> {
        match text.split_once(':') {
            Some((BankOutageId::PREFIX, _)) => text.parse().map(Subject::BankOutage),
            _ => text.parse().map(Subject::Payment),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
