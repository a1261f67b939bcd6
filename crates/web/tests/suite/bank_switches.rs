//! Simulated banks with habits of their own refuse a client whose profile of them lacks the switch.

use banks::approvals::{Approval, Credentials, Pending};
use banks::call::{Call, PsuContext};
use banks::profile::{
    BankProfile, HttpSignature, KeyId, KeyIdIssuer, KeyIdSerial, NextGenPsd2, PsuIdRule,
    SignedHeader, Standard, Stet,
};
use banks::protocol::Protocols;
use banks::psu_return::parse_return;
use banks::{Approvable, AuthorisationError, BankError};
use domain::authorisation::{Approach, Attempt};
use domain::initiation::Schedule;
use jiff::SignedDuration;
use serde_json::json;

use crate::protocols::order;
use crate::scenarios::{BANKS, order_at};
use crate::support::payer::customer_of;
use crate::support::{Decision, World, id, identity, with, worlds};

const PENDING: &str = "INITIATION_PENDING_REDIRECT_AUTH";

/// Takes one switch out of a profile.
type Change = fn(&mut BankProfile);

fn next_gen_psd2(bank: &mut BankProfile) -> &mut NextGenPsd2 {
    match &mut bank.standard {
        Standard::NextGenPsd2(own) => own,
        other => panic!("{} has no such settings", other.name()),
    }
}

fn stet(bank: &mut BankProfile) -> &mut Stet {
    match &mut bank.standard {
        Standard::Stet(own) => own,
        other => panic!("{} has no such settings", other.name()),
    }
}

/// Creates a payment at a bank with this profile of it; the bank's words if it refuses.
async fn created(world: &World, bank: &BankProfile, number: usize) -> Result<(), String> {
    let (protocols, identity) = (Protocols::new(), identity());
    let known = BANKS.iter().find(|known| known.id == bank.id).unwrap();
    let mut order = order(bank, known, "10.47", Schedule::Immediate);
    order.end_to_end_id = format!("E2E-{}-{number}", bank.id);
    let attempt = Attempt {
        idempotency_key: format!("switch-{number}"),
        oauth_state: "state-1".to_owned(),
        nonce: "nonce-1".to_owned(),
        code_verifier: "v".repeat(64),
        executes_at_approval: bank.executes_at_approval,
        repeated_creation: None,
        opening: 1,
    };
    let call = Call {
        bank,
        identity: &identity,
        return_url: &identity.redirect_uri,
        wire: world.wire.as_ref(),
        clock: world.clock.as_ref(),
        ids: world.ids.as_ref(),
        timeout_ms: 1_000,
        psu: PsuContext { ip_address: Some([203, 0, 113, 9].into()), ..PsuContext::default() },
        own_address: [127, 0, 0, 1].into(),
    };
    let protocol = protocols.protocol_for(bank);
    let what = Approvable::Payment(&order);
    let named = Credentials([("psuId".to_owned(), customer_of(&bank.id).to_owned())].into());
    let refusal = |error: BankError| match error {
        BankError::Refused(refusal) => refusal.text,
        other => panic!("{}: {other}", bank.id),
    };
    let opened = protocol.open(&call, what, &attempt, &named).await.map_err(refusal)?;
    let Approval::Continue { consent_id: None, context, approach: Approach::Redirect { url } } =
        opened
    else {
        return Ok(());
    };
    // The payer signs in first; then the payment is created.
    let callback = world.walk_pages(&url, Decision::Approve).await;
    let (_, query) = callback.split_once('?').unwrap();
    let parameters: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let back = parse_return(&parameters).unwrap();
    let pending = Pending { attempt: &attempt, consent_id: None, context: context.as_deref() };
    match protocol.complete(&call, what, pending, &back).await {
        Ok(_) => Ok(()),
        Err(AuthorisationError::Bank(error)) => Err(refusal(error)),
        Err(other) => panic!("{}: {other}", bank.id),
    }
}

async fn each_is_needed(cases: &[(&str, Change, &str)]) {
    let worlds = worlds().await;
    let world = &worlds[0];
    for (number, (id, change, words)) in cases.iter().enumerate() {
        let whole = world.app.bank(id).unwrap();
        created(world, &whole, 2 * number).await.unwrap_or_else(|words| panic!("{id}: {words}"));
        let mut lacking = whole.as_ref().clone();
        change(&mut lacking);
        assert_ne!(lacking, *whole, "{id}: nothing was taken out");
        let refused = created(world, &lacking, 2 * number + 1).await.unwrap_err();
        assert!(refused.contains(words), "{id}: {refused} should name {words}");
    }
}

#[tokio::test]
async fn a_bank_that_wants_no_payers_id_with_the_creation_gets_none() {
    each_is_needed(&[(
        "bg-pino",
        |bank| next_gen_psd2(bank).psu_id = PsuIdRule::Optional,
        "PSU-ID is not taken here",
    )])
    .await;
}

#[tokio::test]
async fn banks_that_sign_otherwise_refuse_the_standards_signature() {
    each_is_needed(&[
        ("bg-pino", |bank| next_gen_psd2(bank).signature = None, "wants a signature"),
        (
            "bg-pino",
            |bank| next_gen_psd2(bank).signature = Some(HttpSignature::RsaSha256),
            "algorithm",
        ),
        ("bg-pino", |bank| next_gen_psd2(bank).signed_headers.reverse(), "`headers`"),
        ("bg-pino", |bank| next_gen_psd2(bank).key_id = KeyId::Serial, "`keyId`"),
        (
            "bg-olmo",
            |bank| {
                let signed = &mut next_gen_psd2(bank).signed_headers;
                signed.retain(|header| *header != SignedHeader::Date);
            },
            "`Date` is missing",
        ),
        (
            "bg-olmo",
            |bank| {
                let signed = &mut next_gen_psd2(bank).signed_headers;
                signed.retain(|header| *header != SignedHeader::RequestTarget);
            },
            "`headers`",
        ),
        ("bg-olmo", |bank| next_gen_psd2(bank).key_id = KeyId::SerialAndIssuer, "`keyId`"),
        (
            "bg-encina",
            |bank| next_gen_psd2(bank).key_id_serial = KeyIdSerial::Hexadecimal,
            "`keyId`",
        ),
        (
            "bg-encina",
            |bank| next_gen_psd2(bank).key_id_issuer = KeyIdIssuer::CertificateOrder,
            "`keyId`",
        ),
        ("stet-hetre", |bank| stet(bank).key_id_serial = KeyIdSerial::Hexadecimal, "`keyId`"),
        ("stet-hetre", |bank| stet(bank).key_id = KeyId::CertificateUrl, "`keyId`"),
        ("stet-saule", |bank| stet(bank).signature = HttpSignature::RsaSha256, "algorithm"),
        ("stet-saule", |bank| stet(bank).key_id = KeyId::CertificateUrl, "`keyId`"),
        (
            "stet-saule",
            |bank| stet(bank).signed_headers.retain(|header| *header != SignedHeader::Host),
            "`headers`",
        ),
        (
            "stet-if",
            |bank| {
                let signed = &mut stet(bank).signed_headers;
                signed.retain(|header| *header != SignedHeader::PsuIpAddress);
            },
            "`headers`",
        ),
    ])
    .await;
}

/// The payer has ten minutes at one bank, and we wait no longer; at the other one we wait for forty.
#[tokio::test]
async fn a_banks_own_time_for_the_approval_is_ours() {
    for world in worlds().await {
        for (bank, last) in [("bg-tulp", "INITIATION_EXPIRED"), ("bg-pino", PENDING)] {
            let known = BANKS.iter().find(|known| known.id == bank).unwrap();
            let order = order_at(bank, known.debtor, "10.23");
            let named = json!({ "psuId": customer_of(bank) });
            let id = id(&world.create(&with(&order, "initialEmbeddedAuth", named)).await);
            world.pass(SignedDuration::from_mins(9)).await;
            assert_eq!(world.status(&id).await, PENDING, "{}: {bank}", world.name);
            for _ in 0..4 {
                world.pass(SignedDuration::from_mins(1)).await;
            }
            assert_eq!(world.status(&id).await, last, "{}: {bank}", world.name);
        }
    }
}

/// This bank takes payments back, but no instant ones.
#[tokio::test]
async fn a_payment_is_taken_back_only_on_the_rails_of_the_profile() {
    for world in worlds().await {
        for (rail, is_kept) in [("SEPA_INSTANT", true), ("SEPA", false)] {
            let order = order_at("bg-ahorn", Some("DE32370400440000001036"), "10.23");
            let order = with(&order, "initiation.localInstrument", rail);
            let id = id(&world.create(&order).await);
            world.approve_once(&id, "bg-ahorn").await;
            let answer = world.delete(&format!("/v2/payments/{id}")).await;
            let text = answer.text();
            let refused = text.contains("does not support the cancellation");
            assert_eq!(refused, is_kept, "{}: {rail}: {text}", world.name);
            let asked = world.wire.count("cancel-payment");
            assert_eq!(asked == 0, is_kept, "{}: {rail}: the bank is not asked", world.name);
        }
    }
}
