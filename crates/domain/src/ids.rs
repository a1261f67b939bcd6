//! Identifiers: 48 bits of time and 80 random bits, in fixed-width base58, so that the order of
//! the texts is the order of creation. Ordered ids cost a third of what random ones cost an index.
//!
//! The public form is `prefix:<22 characters>:<suffix>`, as the published API has it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::seams::Ids;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// 58^22 is the first power of 58 above 2^128.
const WIDTH: usize = 22;
/// The last part of every public id.
pub const SUFFIX: &str = "bscuLe";
/// The longest id; longer ones are not looked up.
pub const ID_LENGTH_MAX: usize = 64;

/// A new time-ordered id: 22 base58 characters whose order is the order of `now`.
#[must_use]
pub fn time_ordered(now: Timestamp, ids: &dyn Ids) -> String {
    let mut random = [0_u8; 16];
    ids.fill(&mut random);
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0) & 0xFFFF_FFFF_FFFF;
    random[..6].copy_from_slice(&milliseconds.to_be_bytes()[2..]);
    base58_fixed(u128::from_be_bytes(random))
}

/// `bytes` random bytes in lower-case hexadecimal.
#[must_use]
pub fn random_hex(bytes: usize, ids: &dyn Ids) -> String {
    let mut random = vec![0_u8; bytes];
    ids.fill(&mut random);
    hex::encode(random)
}

/// A random UUID (RFC 9562, version 4).
#[must_use]
pub fn random_uuid(ids: &dyn Ids) -> String {
    let mut random = [0_u8; 16];
    ids.fill(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid().to_string()
}

/// A UUID with the time in it (RFC 9562, version 1), its clock sequence and node random, the node
/// marked as not a network card's.
#[must_use]
pub fn time_uuid(now: Timestamp, ids: &dyn Ids) -> String {
    /// From the beginning of the Gregorian calendar to 1970, in units of 100 ns.
    const GREGORIAN: i128 = 122_192_928_000_000_000;
    let ticks = u64::try_from(now.as_nanosecond() / 100 + GREGORIAN).unwrap_or(0);
    let mut random = [0_u8; 8];
    ids.fill(&mut random);
    let [high, low, mut node @ ..] = random;
    node[0] |= 1;
    let sequence = u16::from_be_bytes([high, low]);
    uuid::Builder::from_gregorian_timestamp(ticks, sequence, &node).into_uuid().to_string()
}

/// A UUID that follows from 16 bytes, such as those of a digest (RFC 9562, version 8).
#[must_use]
pub fn custom_uuid(bytes: [u8; 16]) -> String {
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

fn base58_fixed(mut number: u128) -> String {
    let mut digits = [ALPHABET[0]; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[usize::try_from(number % 58).unwrap_or(0)];
        number /= 58;
    }
    digits.iter().map(|byte| char::from(*byte)).collect()
}

/// The defect of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form `{prefix}:…:…`")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The first part of every id of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// A new id.
            #[must_use]
            pub fn new(now: Timestamp, ids: &dyn Ids) -> Self {
                Self(format!("{}:{}:{SUFFIX}", Self::PREFIX, time_ordered(now, ids)))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The part between the colons.
            #[must_use]
            pub fn core(&self) -> &str {
                self.0.split(':').nth(1).unwrap_or("")
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let mut parts = text.split(':');
                let shaped = parts.next() == Some(Self::PREFIX)
                    && parts.next().is_some_and(|core| !core.is_empty())
                    && parts.next().is_some_and(|suffix| !suffix.is_empty())
                    && parts.next().is_none()
                    && text.len() <= ID_LENGTH_MAX
                    && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':');
                if shaped {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { prefix: Self::PREFIX })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

public_id!(
    /// A payment (`pm2:…`).
    PaymentId,
    "pm2"
);
public_id!(
    /// A member: a TPP or merchant that calls our API (`m:…`).
    MemberId,
    "m"
);

public_id!(
    /// A bank account that a member may name (`tai:…`).
    TokenizedAccountId,
    "tai"
);

public_id!(
    /// A request for a payer's approval, payments v1 (`rq:…`).
    TokenRequestId,
    "rq"
);
public_id!(
    /// A payment's approval as payments v1 has it (`tt:…`): the payment's own id but for the prefix.
    TokenId,
    "tt"
);
public_id!(
    /// A payment's order as payments v1 has it (`t:…`): the payment's own id but for the prefix.
    TransferId,
    "t"
);
public_id!(
    /// A standing order as payments v1 has it (`so:…`): its payment's own id but for the prefix.
    StandingOrderSubmissionId,
    "so"
);

public_id!(
    /// A bank's outages, as reported to a member (`bo:…`).
    BankOutageId,
    "bo"
);

impl PaymentId {
    /// The id under another prefix.
    fn under(&self, prefix: &str) -> String {
        let tail = self.0.strip_prefix(PaymentId::PREFIX).unwrap_or_default();
        format!("{prefix}{tail}")
    }

    /// The id of the payment's approval.
    #[must_use]
    pub fn token_id(&self) -> TokenId {
        TokenId(self.under(TokenId::PREFIX))
    }

    /// The id of the payment's order.
    #[must_use]
    pub fn transfer_id(&self) -> TransferId {
        TransferId(self.under(TransferId::PREFIX))
    }

    /// The id of the payment's order where that is a standing order.
    #[must_use]
    pub fn standing_order_submission_id(&self) -> StandingOrderSubmissionId {
        StandingOrderSubmissionId(self.under(StandingOrderSubmissionId::PREFIX))
    }

    /// The payment of which `text` names the payment itself, its approval or its order: clients of
    /// payments v1 use one for the other (reference, section 1.13).
    #[must_use]
    pub fn of_any_role(text: &str) -> Option<PaymentId> {
        let (prefix, tail) = text.split_once(':')?;
        let roles = [
            PaymentId::PREFIX,
            TokenId::PREFIX,
            TransferId::PREFIX,
            StandingOrderSubmissionId::PREFIX,
        ];
        let known = roles.contains(&prefix);
        known.then(|| format!("{}:{tail}", PaymentId::PREFIX).parse().ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Fixed(u8);

    impl Ids for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    proptest! {
        #[test]
        fn the_order_of_ids_is_the_order_of_time(a in 0_i64..4_000_000_000_000, b in 0_i64..4_000_000_000_000, low in 0_u8..255, high in 0_u8..255) {
            let id = |ms, fill| PaymentId::new(Timestamp::from_millisecond(ms).unwrap(), &Fixed(fill));
            let (first, second) = (id(a, low), id(b, high));
            if a != b {
                prop_assert_eq!(first.as_str() < second.as_str(), a < b);
            }
            prop_assert_eq!(first.as_str().parse::<PaymentId>().unwrap(), first.clone());
            prop_assert_eq!(first.core().len(), WIDTH);
        }
    }

    #[test]
    fn ids_of_another_kind_or_shape_are_refused() {
        for text in
            ["", "pm2", "pm2:", "pm2::x", "pm2:a:", "m:a:b", "pm2:a:b:c", "pm2:a b:c", "pm2:é:c"]
        {
            assert!(text.parse::<PaymentId>().is_err(), "{text}");
        }
        assert!("pm2:4QExXrhKTxfShBdcTeqFabqJJhUF:2gFUX1NDgpN".parse::<PaymentId>().is_ok());
        assert!(format!("pm2:{}:x", "a".repeat(100)).parse::<PaymentId>().is_err());
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let uuid = random_uuid(&Fixed(0xFF));
        assert_eq!(uuid, "ffffffff-ffff-4fff-bfff-ffffffffffff");
        // RFC 9562, appendix A.1: its time, with a clock sequence and a node of our own.
        let now: Timestamp = "2022-02-22T14:22:22-05:00".parse().unwrap();
        let uuid = time_uuid(now, &Fixed(0xC2));
        assert_eq!(uuid, "c232ab00-9414-11ec-82c2-c3c2c2c2c2c2");
        assert_eq!(custom_uuid([0xFF; 16]), "ffffffff-ffff-8fff-bfff-ffffffffffff");
    }
}
