//! The published standards, and which of them a bank speaks.

use crate::approvals::Approvals;
use crate::next_gen_psd2::NextGenPsd2;
use crate::payments::Payments;
use crate::polish_api::PolishApi;
use crate::profile::{BankProfile, Standard};
use crate::reachable::Reachable;
use crate::registration::Registers;
use crate::stet::Stet;
use crate::uk_open_banking::UkOpenBanking;

/// One published standard, in its parts. No part has default methods: a standard that forgets one
/// does not compile.
///
/// Account information and variable recurring payments become parts beside these, `accounts` and
/// `vrp`, over the same approvals; a standard without one says so here in one line.
pub trait Protocol: Approvals + Payments + Reachable + Registers {}

impl Protocol for UkOpenBanking {}
impl Protocol for NextGenPsd2 {}
impl Protocol for Stet {}
impl Protocol for PolishApi {}

/// All standards, each with its caches. The process keeps one for its whole life.
#[derive(Default)]
pub struct Protocols {
    uk_open_banking: UkOpenBanking,
    next_gen_psd2: NextGenPsd2,
    stet: Stet,
    polish_api: PolishApi,
}

impl Protocols {
    /// With empty caches.
    #[must_use]
    pub fn new() -> Protocols {
        Protocols::default()
    }

    /// The standard that this bank speaks.
    #[must_use]
    pub fn protocol_for(&self, profile: &BankProfile) -> &dyn Protocol {
        match &profile.standard {
            Standard::UkOpenBanking(_) => &self.uk_open_banking,
            Standard::NextGenPsd2(_) => &self.next_gen_psd2,
            Standard::Stet(_) => &self.stet,
            Standard::PolishApi(_) => &self.polish_api,
        }
    }
}
