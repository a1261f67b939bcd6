//! The simulated banks outside Britain: the standards whose providers show who they are by a
//! qualified certificate (ETSI TS 119 495) on the connection.
//!
//! | file | what |
//! |---|---|
//! | `banks` | the table of banks and their customers |
//! | `certificate` | who the provider is, by its certificate |
//! | `transfer` | an order, its approval and its execution, whatever the standard |
//! | `visit` | the bank's pages for the payer: sign in, look, approve |
//! | `hours` | when banks execute |
//! | `app` | the bank's app, for decoupled approval |
//! | `berlin_group/` | NextGenPSD2 1.3.12 |
//! | `stet/` | STET 1.4 and 1.5 |
//! | `polish_api/` | PolishAPI 2.1 |

pub(crate) mod app;
pub(crate) mod banks;
pub(crate) mod berlin_group;
pub(crate) mod certificate;
pub(crate) mod hours;
pub(crate) mod polish_api;
pub(crate) mod stet;
pub(crate) mod transfer;
pub(crate) mod visit;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use crate::shared::Shared;

/// One-time passwords are the same for everybody: nothing here is secret.
pub(crate) const ONE_TIME_PASSWORD: &str = "123456";

/// Every path of these banks.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/{bank}/sca/{id}", get(visit::show_sign_in).post(visit::sign_in))
        .route("/{bank}/sca/{id}/sign-in", get(visit::show_sign_in).post(visit::sign_in))
        .route("/{bank}/sca/{id}/consent", get(visit::show_consent).post(visit::decide))
        .route("/sim/app/{bank}/{username}", get(app::show).post(app::decide))
        .route("/{bank}/.well-known/oauth-authorization-server", get(berlin_group::oauth::metadata))
        .route("/{bank}/oauth/authorize", get(berlin_group::oauth::authorize))
        .route("/{bank}/oauth/token", post(berlin_group::oauth::token))
        .route("/{bank}/v1/{*resource}", any(berlin_group::handle))
        .route("/{bank}/psd2/{*resource}", any(stet::handle))
        .route("/{bank}/{version}/{service}/{again}/{operation}", any(polish_api::handle))
}
