//! Secrets at rest.

use serde::{Deserialize, Serialize};

/// Text that only the gateway's sealing key can open: tokens, codes, answers to a bank's questions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(…)")
    }
}
