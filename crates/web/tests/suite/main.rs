//! The whole product by URL, in process: API, hosted pages, jobs and webhooks, on both databases,
//! with simulated banks behind it.
//!
//! Documents judge the wire: every answer of the API is held against our OpenAPI document and the
//! published one, every exchange with a bank against the document of the bank's standard. See
//! `support`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod account_verifications;
mod approvals;
mod at_rest;
mod auditor;
mod auditor_flows;
mod authentication;
mod bad_banks;
mod callback_initiation;
mod cancel;
mod certificates;
mod compatibility_document;
mod conformance;
mod create;
mod cross_origin;
mod decimals;
mod directory;
mod execution;
mod faults;
mod fields;
mod headers;
mod idempotency;
mod lanes;
mod leniency;
mod links;
mod lists;
mod looking;
mod lost_database;
mod opening;
mod outcomes;
mod page_cancel;
mod page_summaries;
mod page_texts;
mod personas;
mod protocols;
mod published_examples;
mod qr_code;
mod rate_limits;
mod reaching_banks;
mod readiness;
mod reads;
mod redeem;
mod refusals;
mod returns;
mod scenarios;
mod standing_orders;
mod statuses;
mod statuses_document;
mod support;
mod texts;
mod tokenized_accounts;
mod v1_authorization;
mod v1_destinations;
mod v1_flows;
mod v1_guides;
mod v1_hosted_pages;
mod v1_initiate_payment;
mod v1_parties;
mod v1_permissions;
mod v1_receipts;
mod v1_repetition;
mod v1_retries;
mod v1_standing_order_requests;
mod v1_standing_orders;
mod v1_token_requests;
mod v1_tokens;
mod v1_transfer_references;
mod v1_transfers;
mod v1_unsigned_reads;
mod v1_way_back;
mod webhooks;
