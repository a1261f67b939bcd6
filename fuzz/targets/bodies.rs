//! Bodies of every operation that reads one.
#![no_main]

use std::sync::{LazyLock, Mutex};

use bascule_fuzz::Target;
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<Mutex<Target>> = LazyLock::new(Mutex::default);

// The first byte chooses the operation.
fuzz_target!(|data: &[u8]| {
    let Some((which, body)) = data.split_first() else { return };
    let mut target = TARGET.lock().unwrap();
    let keys = format!("/member/{}/keys", target.member_id());
    let (method, path) = match which % 12 {
        0 => ("POST", "/v2/payments"),
        1 => ("POST", "/v2/payments/pm2:1:x/embedded-auth"),
        2 => ("POST", "/tokenized-accounts"),
        3 => ("POST", "/account-verifications"),
        4 => ("POST", "/callback/initiation"),
        5 => ("PUT", "/webhook/config"),
        7 => ("POST", "/token-requests"),
        8 => ("POST", "/token-requests/rq:1:2/authorization"),
        9 => ("POST", "/token-requests/rq:1:2/transfer-destinations"),
        10 => ("POST", "/transfers"),
        11 => ("POST", "/standing-order-submissions"),
        _ => ("POST", keys.as_str()),
    };
    let authorization = target.basic();
    target.ask(method, path, &authorization, body);
});
