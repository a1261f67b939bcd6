//! Customers of the simulated banks to whose payments something happens.

use crate::faults::expected;
use crate::scenarios::{BANKS, order_at};
use crate::support::{id, worlds};

/// Customers whose payments meet a scenario whatever their amount and reference: bank, name, account
/// and word. Whose bank then counts as down comes last at it.
const PERSONAS: [(&str, &str, &str, &str); 22] = [
    ("ob-iron", "gwen", "80000145678901", "late_execution"),
    ("ob-iron", "hugh", "80000156789001", "error_before_effect"),
    ("ob-quartz", "rhys", "60000145678901", "rejected_after_accepted"),
    ("ob-slate", "stella", "50000145678901", "malformed_answer"),
    ("bg-linden", "luise", "DE63700202700000002014", "missing_callback"),
    ("bg-linden", "linus", "DE58700202700000002007", "silent_after_effect"),
    ("bg-ahorn", "arno", "DE20370400440000002028", "error_after_effect"),
    ("bg-eiche", "eduard", "AT202011100000002035", "never_final"),
    ("bg-birke", "beate", "DE86500105170000002042", "rejected_after_accepted"),
    ("bg-tulp", "thijs", "NL19TULP0000002054", "late_execution"),
    ("bg-pino", "pamela", "IT08Q0542811101000000002056", "duplicate_callback"),
    ("bg-olmo", "ona", "ES6221000418410000002063", "missing_callback"),
    ("bg-encina", "eloy", "ES2120385778950000002070", "too_many_requests"),
    ("stet-chene", "celine", "FR7610007000010000207700005", "slow"),
    ("stet-chene", "claude", "FR7610007000010000208400054", "insufficient_funds"),
    ("stet-hetre", "honore", "FR7610107000010000209100030", "error_before_effect"),
    ("stet-saule", "serge", "FR7610207000010000209800006", "late_execution"),
    ("stet-if", "isabelle", "FR7610307000010000210500079", "rejected_after_accepted"),
    ("pl-dab", "daria", "PL37101000000000000000002112", "wrong_signature"),
    ("pl-brzoza", "bogdan", "PL23102000000000000000002119", "silent_before_effect"),
    ("pl-sosna", "szymon", "PL09103000000000000000002126", "missing_callback"),
    ("pl-sosna", "sabina", "PL14103000000000000000002133", "duplicate_callback"),
];

#[tokio::test]
async fn every_customer_with_a_scenario_meets_it() {
    for world in worlds().await {
        world.wire.expect_broken_answers();
        let mut payments = vec![];
        for (bank_id, user, account, _) in PERSONAS {
            let bank = BANKS.iter().find(|bank| bank.id == bank_id).unwrap();
            let before = world.balance_of(account).await;
            let debtor = bank.debtor.map(|_| account);
            let order = order_at(bank.id, debtor, "12.34");
            let id = id(&world.create(&order).await);
            world.approve_once_as(&id, bank.id, user).await;
            payments.push((id, before));
        }
        world.half_a_minute().await;
        world.half_a_day().await;
        for ((bank, user, account, word), (id, before)) in PERSONAS.iter().zip(&payments) {
            let what = format!("{}: {user} at {bank}", world.name);
            let late = world.payment(id).await;
            let status = late["status"].as_str().unwrap();
            assert!(expected(word, bank).contains(&status), "{what}: {late}");
            world.check_account(id, account, *before, &what).await;
        }
    }
}
