//! What the words of all standards mean for a single payment: for the table that people read. The
//! standards' own modules read them.

use domain::bank::OrderProgress;

use crate::obie::resource::Resource;
use crate::obie::status::Reason;
use crate::profile::{BankProfile, Standard};
use crate::{next_gen_psd2, obie, polish_api, stet};

/// How `bank` has a single payment whose status is `word`, with the ISO 20022 code `reason` beside
/// it where its standard has a place for one.
#[must_use]
pub fn progress(bank: &BankProfile, word: &str, reason: Option<&str>) -> OrderProgress {
    let status = match &bank.standard {
        Standard::UkOpenBanking(_) => {
            let reason = reason.map(|code| Reason { code: Some(code.to_owned()), words: None });
            obie::status::order_status(bank, Resource::Payment, word, reason.as_ref())
        }
        Standard::NextGenPsd2(own) => {
            next_gen_psd2::status::order_status(bank, own.final_status, word, reason, false)
        }
        Standard::Stet(own) => {
            stet::status::order_status(bank, own.final_status, word, reason, false)
        }
        Standard::PolishApi(_) => polish_api::status::payment_status(bank, word, reason),
    };
    status.progress
}
