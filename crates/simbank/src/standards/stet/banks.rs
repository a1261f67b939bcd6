//! The simulated banks that speak STET.

use super::signature;
use crate::engine::banks::{Bank, Standard, account, customer, persona};
use crate::standards::http_signature::{Habits, Hash, KeyName};

/// The deviations of a STET bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stet {
    /// 1.5: the payee is in each transaction.
    pub(crate) beneficiary_in_transaction: bool,
    /// Amounts come and go as texts.
    pub(crate) amounts_are_texts: bool,
    pub(crate) decoupled: bool,
    /// The bank executes at the approval, and answers 200 to a new request.
    pub(crate) executes_at_approval: bool,
    /// A factor returns with the browser and must be in the confirmation.
    pub(crate) wants_factor: bool,
    /// A header of the client's application, which every request needs.
    pub(crate) client_header: Option<(&'static str, &'static str)>,
    /// How requests must be signed.
    pub(crate) signing: Habits,
}

pub(crate) const BANKS: [Bank; 4] = [
    Bank {
        id: "stet-chene",
        name: "Banque du Chêne",
        country: "FR",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: false,
            amounts_are_texts: true,
            decoupled: false,
            executes_at_approval: false,
            wants_factor: false,
            client_header: None,
            signing: signature::USUAL,
        }),
        customers: &[
            customer(
                "camille",
                "camille-pass",
                &[
                    account("FR7610007000010000000201194", "Camille Chêne", 1250000),
                    account("FR7610007000010000000202261", "Camille Chêne Livret", 5000000),
                ],
            ),
            customer(
                "cyril",
                "cyril-pass",
                &[account("FR7610007000010000000203328", "Cyril Cordier", 430050)],
            ),
            customer(
                "chloe",
                "chloe-pass",
                &[account("FR7610007000010000000204492", "Chloé Court", 125)],
            ),
            persona(
                "celine",
                "celine-pass",
                &[account("FR7610007000010000207700005", "Céline Colin", 2_480_000)],
                "slow",
            ),
            persona(
                "claude",
                "claude-pass",
                &[account("FR7610007000010000208400054", "Claude Carpentier", 2_480_000)],
                "insufficient_funds",
            ),
        ],
    },
    Bank {
        id: "stet-hetre",
        name: "Banque du Hêtre",
        country: "FR",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: true,
            amounts_are_texts: false,
            decoupled: false,
            executes_at_approval: false,
            wants_factor: true,
            client_header: None,
            signing: Habits {
                headers: &["(request-target)", "digest", "date"],
                key_name: KeyName::Serial,
                ..signature::USUAL
            },
        }),
        customers: &[
            customer(
                "helene",
                "helene-pass",
                &[
                    account("FR7610107000010000000205583", "Hélène Hetz", 1250000),
                    account("FR7610107000010000000206650", "Hélène Hetz Livret", 5000000),
                ],
            ),
            customer(
                "hugo",
                "hugo-pass",
                &[account("FR7610107000010000000207717", "Hugo Huet", 430050)],
            ),
            customer(
                "henri",
                "henri-pass",
                &[account("FR7610107000010000000208881", "Henri Humble", 125)],
            ),
            persona(
                "honore",
                "honore-pass",
                &[account("FR7610107000010000209100030", "Honoré Humbert", 2_480_000)],
                "error_before_effect",
            ),
        ],
    },
    Bank {
        id: "stet-saule",
        name: "Crédit Saule",
        country: "FR",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: true,
            amounts_are_texts: false,
            decoupled: true,
            executes_at_approval: false,
            wants_factor: false,
            client_header: None,
            signing: Habits {
                hash: Hash::Sha512,
                headers: &[
                    "(request-target)",
                    "host",
                    "date",
                    "digest",
                    "x-request-id",
                    "content-type",
                ],
                key_name: KeyName::Client,
                digest_without_body: true,
            },
        }),
        customers: &[
            customer(
                "sophie",
                "sophie-pass",
                &[
                    account("FR7610207000010000000209972", "Sophie Saule", 1250000),
                    account("FR7610207000010000000211039", "Sophie Saule Livret", 5000000),
                ],
            ),
            customer(
                "simon",
                "simon-pass",
                &[account("FR7610207000010000000212106", "Simon Sorel", 430050)],
            ),
            customer(
                "salome",
                "salome-pass",
                &[account("FR7610207000010000000213270", "Salomé Simple", 125)],
            ),
            persona(
                "serge",
                "serge-pass",
                &[account("FR7610207000010000209800006", "Serge Salmon", 2_480_000)],
                "late_execution",
            ),
        ],
    },
    Bank {
        id: "stet-if",
        name: "Banque de l'If",
        country: "FR",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: false,
            amounts_are_texts: true,
            decoupled: false,
            executes_at_approval: true,
            wants_factor: false,
            client_header: Some(("x-client-application", "if-application-1")),
            signing: Habits {
                headers: &["(request-target)", "digest", "psu-ip-address", "x-request-id"],
                ..signature::USUAL
            },
        }),
        customers: &[
            customer(
                "iris",
                "iris-pass",
                &[
                    account("FR7610307000010000000214361", "Iris Imbert", 1250000),
                    account("FR7610307000010000000215428", "Iris Imbert Livret", 5000000),
                ],
            ),
            customer(
                "ismael",
                "ismael-pass",
                &[account("FR7610307000010000000216592", "Ismaël Isnard", 430050)],
            ),
            customer(
                "ines",
                "ines-pass",
                &[account("FR7610307000010000000217659", "Inès Indigent", 125)],
            ),
            persona(
                "isabelle",
                "isabelle-pass",
                &[account("FR7610307000010000210500079", "Isabelle Ivry", 2_480_000)],
                "rejected_after_accepted",
            ),
        ],
    },
];
