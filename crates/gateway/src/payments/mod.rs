//! Use cases about payments: one file each.

mod answer_questions;
mod choose_bank;
mod create;
mod psu_returned;
mod read;

pub use answer_questions::{answer_on_page, answer_questions};
pub use choose_bank::choose_bank;
pub use create::{NewPayment, create};
pub use psu_returned::{PsuReturnOutcome, psu_returned};
pub use read::{Update, bank_calls, get, list, list_entries, look_at, open_by_link};
