//! The wire of each standard. A standard reads a message, checks its requirements, asks the engine, and
//! answers in its own words.
//!
//! | module | what |
//! |---|---|
//! | `uk_open_banking/` | UK Open Banking 3.1.11 and 4.0 |
//! | `next_gen_psd2/` | NextGenPSD2 1.3.12 (Berlin Group) |
//! | `stet/` | STET 1.4 and 1.5 |
//! | `polish_api/` | PolishAPI 2.1 |
//! | `http_signature` | message signatures of NextGenPSD2 and STET |
//! | `payee_verification` | verification of payee (European Payments Council), at every euro bank |

mod http_signature;
pub(crate) mod next_gen_psd2;
pub(crate) mod payee_verification;
pub(crate) mod polish_api;
pub(crate) mod stet;
pub(crate) mod uk_open_banking;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::engine::banks::{self, Standard};
use crate::engine::order::Order;
use crate::engine::shared::Shared;
use crate::engine::{app, visit};

/// Every path of the banks.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{bank}/sca/{id}", get(visit::show_sign_in).post(visit::sign_in))
        .route("/{bank}/sca/{id}/sign-in", get(visit::show_sign_in).post(visit::sign_in))
        .route("/{bank}/sca/{id}/consent", get(visit::show_consent).post(visit::decide))
        .route("/sim/app-start/{bank}", get(app::start))
        .route("/sim/app/{bank}/{username}", get(app::show).post(app::decide))
        .route("/vop/v1/payee-verifications", post(payee_verification::verify))
        .merge(uk_open_banking::routes())
        .merge(next_gen_psd2::routes())
        .merge(stet::routes())
        .merge(polish_api::routes())
}

/// The status of an order's approval and of the order, as the bank's standard spells them; `None`
/// before it is an order.
pub(crate) fn words(order: &Order) -> (&str, Option<&'static str>) {
    let bank = banks::find(&order.bank);
    match bank.map(|bank| bank.standard) {
        Some(Standard::UkOpenBanking(_)) => uk_open_banking::words(order),
        _ => (order.approval.sca_status.as_str(), Some(order.iso_status())),
    }
}
