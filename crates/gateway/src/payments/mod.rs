//! Use cases about payments: one file each.

mod answer_questions;
mod choose_bank;
mod create;
mod offer;
mod psu_returned;
mod read;
mod redeem_or_cancel;

pub use answer_questions::{answer_on_page, answer_questions};
pub use choose_bank::choose_bank;
pub(crate) use create::check;
pub use create::{NewPayment, create};
pub use offer::could_take;
pub(crate) use offer::{
    bank_with_id, check_choice, check_features, check_fit_now, could_take_kind,
};
pub use psu_returned::{PsuReturnOutcome, psu_returned, psu_returned_to_member};
pub use read::{Update, bank_calls, check_single, get, list, list_entries, look_at, open_by_link};
pub(crate) use redeem_or_cancel::{Wish, cancel_at_bank};
pub use redeem_or_cancel::{cancel, cancel_on_page, redeem, redeem_as};
