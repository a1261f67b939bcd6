//! Query strings and paths of every operation that reads one.
#![no_main]

use std::sync::{LazyLock, Mutex};

use bascule_fuzz::{Target, printable};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Mutex<Target>> = LazyLock::new(Mutex::default);

// The first byte chooses the operation.
fuzz_target!(|data: &[u8]| {
    let Some((which, rest)) = data.split_first() else { return };
    let text = printable(rest);
    let mut target = TARGET.lock().unwrap();
    let path = match which % 14 {
        0 => format!("/v2/payments?{text}"),
        1 => format!("/v2/payments/{text}"),
        2 => format!("/banks?{text}"),
        3 => format!("/v2/banks?{text}"),
        4 => format!("/bank/countries?{text}"),
        5 => format!("/reports/banks/status?{text}"),
        6 => format!("/qr-code?{text}"),
        8 => format!("/transfers?{text}"),
        9 => format!("/tokens?{text}"),
        10 => format!("/standing-order-submissions?{text}"),
        11 => format!("/transfers/{text}"),
        12 => format!("/tokens/{text}"),
        13 => format!("/token-requests/{text}/result"),
        _ => format!("/tokenized-accounts/{text}"),
    };
    let authorization = target.basic();
    target.ask("GET", &path, &authorization, b"");
});
