//! `Authorization`: for any value, the answer is 200 or 401, or names another error.
#![no_main]

use std::sync::{LazyLock, Mutex};

use bascule_fuzz::{Target, base64, printable};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Mutex<Target>> = LazyLock::new(Mutex::default);

// The first byte chooses how the rest is used.
fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let mut target = TARGET.lock().unwrap();
    let authorization = match how % 4 {
        0 => printable(rest),
        1 => format!("Bearer {}", printable(rest)),
        2 => format!("Basic {}", base64(rest)),
        // Claims in place of those that fit.
        _ => {
            let claims = serde_json::from_slice(rest).unwrap_or_default();
            format!("Bearer {}", target.token("GET", "/v2/payments", claims))
        }
    };
    target.ask("GET", "/v2/payments?limit=1", &authorization, b"");
});
