//! Whether a bank takes payments, as it was reported to one member: it changes when the bank's outage begins or
//! ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{BankOutageId, MemberId};
use crate::names::names;
use crate::step::Step;

/// A bank's state for those who pay there (reference, section 1.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutageStatus {
    /// It takes calls.
    Available,
    /// It takes none.
    CompleteOutage,
}

names! { OutageStatus: name, from_name;
    Available = "AVAILABLE",
    CompleteOutage = "COMPLETE_OUTAGE",
}

/// The last state of a bank that was reported to a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankOutage {
    /// Its id.
    pub id: BankOutageId,
    /// The member.
    pub member_id: MemberId,
    /// The bank.
    pub bank_id: String,
    /// The state.
    pub status: OutageStatus,
    /// Counts the changes, from 1.
    pub version: i64,
    /// When it changed last.
    pub changed_at: Timestamp,
}

/// One change of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutageChanged {
    /// The bank.
    pub bank_id: String,
    /// The state before.
    pub previous: OutageStatus,
    /// The state after.
    pub current: OutageStatus,
    /// When.
    pub at: Timestamp,
}

/// A Step of a bank's outage.
pub type OutageStep = Step<BankOutage, OutageChanged>;

impl BankOutage {
    /// The first outage of a bank that is reported to the member.
    #[must_use]
    pub fn begin(
        id: BankOutageId,
        member_id: MemberId,
        bank_id: String,
        now: Timestamp,
    ) -> OutageStep {
        let status = OutageStatus::Available;
        let known = BankOutage { id, member_id, bank_id, status, version: 0, changed_at: now };
        known.moved_to(OutageStatus::CompleteOutage, now)
    }

    /// The bank's state is `current`; `None` if the member knows that.
    #[must_use]
    pub fn observe(&self, current: OutageStatus, now: Timestamp) -> Option<OutageStep> {
        (self.status != current).then(|| self.clone().moved_to(current, now))
    }

    fn moved_to(mut self, current: OutageStatus, now: Timestamp) -> OutageStep {
        let previous = self.status;
        let at = now.max(self.changed_at);
        (self.status, self.changed_at) = (current, at);
        self.version += 1;
        let changed = OutageChanged { bank_id: self.bank_id.clone(), previous, current, at };
        Step { state: self, events: vec![changed], jobs: vec![], cases: vec![] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_versions_count_the_changes() {
        let (begin, later) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        let id: BankOutageId = "bo:1111:x".parse().unwrap();
        let member: MemberId = "m:1111:x".parse().unwrap();
        let out = BankOutage::begin(id, member, "a-bank".to_owned(), begin);
        assert_eq!((out.state.version, out.state.status), (1, OutageStatus::CompleteOutage));
        assert_eq!(out.events[0].previous, OutageStatus::Available);
        assert_eq!(out.state.observe(OutageStatus::CompleteOutage, later), None);
        let back = out.state.observe(OutageStatus::Available, later).unwrap();
        assert_eq!((back.state.version, back.state.changed_at), (2, later));
        let [changed] = back.events.as_slice() else { panic!("one event") };
        assert_eq!(
            (changed.previous, changed.current),
            (OutageStatus::CompleteOutage, OutageStatus::Available)
        );
    }
}
