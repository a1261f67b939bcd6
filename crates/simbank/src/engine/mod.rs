//! The behaviour that all simulated banks share, in every standard.
//!
//! | file | what |
//! |---|---|
//! | `banks` | the banks, their customers and accounts |
//! | `order` | an order as the bank keeps it, with its payer's approval |
//! | `approval` | the effects of an approval, a confirmation, a refusal and a cancellation |
//! | `execution` | the execution of due orders: the books |
//! | `schedule` | the days of orders for later |
//! | `hours` | when banks execute |
//! | `scenario`, `outcome` | how orders end, and the faults on the way |
//! | `visit`, `pages`, `texts` | the bank's pages for the payer: sign in, look, decide |
//! | `view` | the pages as data, for programs that play the payer |
//! | `app` | the bank's app, for approvals without the provider's browser |
//! | `grant`, `tokens` | authorisation requests, codes, access tokens and refresh tokens |
//! | `form` | URL-encoded forms |
//! | `idempotency` | creations that must not happen twice |
//! | `certificate` | who the provider is, by its certificate |
//! | `delivery` | how an answer reaches the provider, if it does |
//! | `state`, `table`, `journal` | the memory of the banks |
//! | `shared` | the objects that all request handlers share |
//! | `jose` | keys, JSON Web Signatures, hashes |

pub(crate) mod app;
pub(crate) mod approval;
pub(crate) mod banks;
pub(crate) mod certificate;
pub(crate) mod client_secret;
pub(crate) mod delivery;
pub(crate) mod execution;
pub(crate) mod form;
pub(crate) mod grant;
pub(crate) mod hours;
pub(crate) mod idempotency;
pub(crate) mod jose;
pub(crate) mod journal;
pub(crate) mod order;
pub(crate) mod outcome;
pub(crate) mod pages;
pub(crate) mod registration;
pub(crate) mod scenario;
pub(crate) mod schedule;
pub(crate) mod shared;
pub(crate) mod state;
pub(crate) mod table;
pub(crate) mod texts;
pub(crate) mod tokens;
pub(crate) mod view;
pub(crate) mod visit;
