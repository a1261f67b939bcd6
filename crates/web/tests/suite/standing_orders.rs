//! Standing orders at every British bank, asked of the protocol itself: both versions, both ways to
//! know a client, both ways back. The payer is played at the simulated banks, and every exchange is
//! judged against the published document of the bank's version.
#![expect(clippy::panic, reason = "a test fails by panicking")]

use banks::Approvable;
use banks::approvals::{Approval, Credentials, Pending};
use banks::call::Call;
use banks::payments::PaymentOrder;
use banks::profile::{BankProfile, Capability};
use banks::psu_return::parse_return;
use banks::token::Proof;
use banks::{Directory, Protocols};
use domain::account::{AccountIdentifier, Party};
use domain::authorisation::{Approach, Attempt};
use domain::bank::OrderProgress;
use domain::initiation::{Frequency, Order, Schedule};
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::support::{Decision, World, identity, worlds};

/// Banks and the accounts that pay.
const BANKS: [(&str, &str); 5] = [
    ("ob-modelo", "70000112345601"),
    ("ob-iron", "80000112345601"),
    ("ob-quartz", "60000112345601"),
    ("ob-slate", "50000112345601"),
    ("ob-onyx", "40000112345601"),
];

/// Twice, two weeks apart, to somebody at another bank.
fn order(bank: &BankProfile, first: Date) -> PaymentOrder {
    PaymentOrder {
        end_to_end_id: format!("E2E-{}", bank.id),
        instruction_id: format!("I-{}", bank.id),
        rail: Rail::FasterPayments,
        content: Order {
            ref_id: "ORDER-1".to_owned(),
            remittance_primary: "Rent".to_owned(),
            remittance_secondary: None,
            on_behalf_of_id: None,
            amount: Amount::parse("10.32", Currency::GBP).unwrap(),
            local_instrument: Rail::FasterPayments.into(),
            debtor: None,
            debtor_account_id: None,
            creditor: Party {
                account: Some(AccountIdentifier::SortCode {
                    sort_code: "999999".to_owned(),
                    account_number: "12345602".to_owned(),
                }),
                name: Some("Landlord".to_owned()),
                ..Party::default()
            },
            schedule: Schedule::StandingOrder {
                first,
                frequency: Frequency::Towk,
                last: first.checked_add(jiff::Span::new().days(20)).ok(),
            },
            confirm_funds: false,
            return_refund_account: true,
            return_tokenized_account: false,
            creditor_verification_id: None,
            disable_future_dated_payment_conversion: false,
            charge_bearer: None,
            risk: None,
            own_references: Default::default(),
        },
    }
}

impl World {
    /// The parameters that the bank gives to the payer's browser.
    async fn brought_back(&self, url: &str) -> Vec<(String, String)> {
        if !url.contains("/ob-onyx") {
            return self.visit_bank(url, Decision::Approve).await.fields;
        }
        let callback = self.walk_pages(url, Decision::Approve).await;
        let query = callback.split_once('?').map_or("", |(_, query)| query);
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    async fn balance(&self, account: &str) -> i64 {
        let accounts = self.bank_json("/sim/accounts").await;
        let mut rows = accounts.as_array().unwrap().iter();
        rows.find(|row| row["id"] == account).unwrap()["balance_minor"].as_i64().unwrap()
    }

    async fn granted(
        &self,
        protocols: &Protocols,
        call: &Call<'_>,
        order: &PaymentOrder,
    ) -> (String, Proof) {
        let protocol = protocols.protocol_for(call.bank);
        let attempt = Attempt {
            idempotency_key: format!("c-{}", call.bank.id),
            oauth_state: format!("state-{}", call.bank.id),
            nonce: "nonce-1".to_owned(),
            code_verifier: "v".repeat(64),
            executes_at_approval: false,
            repeated_creation: None,
            opening: 1,
        };
        let opened = protocol
            .open(call, Approvable::Payment(order), &attempt, &Credentials::default())
            .await;
        let Ok(Approval::Continue { consent_id, approach: Approach::Redirect { url }, .. }) =
            opened
        else {
            panic!("{}: {opened:?}", call.bank.id)
        };
        let back = parse_return(&self.brought_back(&url).await).unwrap();
        let pending =
            Pending { attempt: &attempt, consent_id: consent_id.as_deref(), context: None };
        match protocol.complete(call, Approvable::Payment(order), pending, &back).await.unwrap() {
            Approval::Granted { consent_id, proof } => (consent_id, proof),
            other => panic!("{}: {other:?}", call.bank.id),
        }
    }
}

#[tokio::test]
async fn a_standing_order_is_complete_when_the_bank_repeats_it() {
    let worlds = worlds().await;
    let world = &worlds[0];
    let directory = Directory::simulated("http://localhost:8001", "https://localhost:8002");
    let directory = directory.unwrap();
    let (protocols, identity) = (Protocols::new(), identity());
    for (id, payer) in BANKS {
        let bank = directory.get(id).unwrap();
        assert!(bank.can(Capability::StandingOrder));
        let first = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
        let order = order(bank, first.to_zoned(jiff::tz::TimeZone::UTC).date());
        let call = Call {
            bank,
            identity: &identity,
            return_url: &identity.redirect_uri,
            wire: world.wire.as_ref(),
            clock: world.clock.as_ref(),
            ids: world.ids.as_ref(),
            timeout_ms: 1_000,
            psu: banks::PsuContext::default(),
            own_address: [127, 0, 0, 1].into(),
        };
        let (consent_id, proof) = world.granted(&protocols, &call, &order).await;
        let protocol = protocols.protocol_for(bank);
        let before = world.balance(payer).await;
        let answer = protocol.submit(&call, &order, &consent_id, &proof, "key-1").await;
        let answer = answer.unwrap();
        assert_eq!(answer.status.progress, OrderProgress::InProcess, "{id}");
        assert!(answer.refund_account.is_some(), "{id}");
        // The same key again is the same order.
        let again = protocol.submit(&call, &order, &consent_id, &proof, "key-1").await;
        assert_eq!(again.unwrap().bank_payment_id, answer.bank_payment_id, "{id}");
        world.clock.advance(SignedDuration::from_secs(10));
        let order_id = answer.bank_payment_id.as_str();
        let status = protocol.ask_status(&call, &order, order_id, proof.token()).await;
        assert_eq!(status.unwrap().progress, OrderProgress::Completed, "{id}");
        assert_eq!(world.balance(payer).await, before, "{id}: not before its day");
        world.clock.advance(SignedDuration::from_hours(24 * 60));
        assert_eq!(world.balance(payer).await, before - 2 * 1_032, "{id}: twice");
    }
    assert_eq!(world.wire.violations(), [] as [String; 0]);
}
