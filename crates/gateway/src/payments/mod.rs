//! Use cases about payments: one file each.

mod choose_bank;
mod create;
mod psu_returned;
mod read;

pub use choose_bank::choose_bank;
pub use create::{NewPayment, create};
pub use psu_returned::{PsuReturnOutcome, psu_returned};
pub use read::{get, list, open_by_link};
