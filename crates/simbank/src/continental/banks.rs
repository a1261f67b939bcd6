//! The simulated banks outside Britain, their customers and accounts: one table.

use crate::banks::{Customer, account, customer};

/// How a Berlin Group bank lets a payer approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approach {
    /// `scaRedirect` in the answer to the payment.
    RedirectAtOnce,
    /// `startAuthorisation` first, `scaRedirect` then.
    RedirectWhenAsked,
    /// `scaOAuth` in the answer to the payment.
    OAuth,
    /// A token of the payer for every call, then `scaRedirect`.
    SignInBefore,
    /// Password, one of several methods, one-time password.
    EmbeddedManyMethods,
    /// Password, one-time password of the one method.
    EmbeddedOneMethod,
    /// In the bank's app.
    Decoupled,
}

/// A signature algorithm that a bank insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    Sha256,
    Sha512,
}

/// What a Berlin Group bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BerlinGroup {
    pub(crate) approach: Approach,
    /// After the redirect the provider has to bring a code that came with the browser.
    pub(crate) confirms_by_code: bool,
    pub(crate) signing: Option<Signing>,
    pub(crate) wants_debtor_account: bool,
    /// Instant credit transfers.
    pub(crate) instant: bool,
    /// The last status that a successful payment reaches.
    pub(crate) last_status: &'static str,
    /// A payer has to approve a cancellation, too.
    pub(crate) cancels_with_approval: bool,
}

/// What a STET bank does in its own way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stet {
    /// 1.5: the payee stands in each transaction.
    pub(crate) beneficiary_in_transaction: bool,
    /// Amounts come and go as texts.
    pub(crate) amounts_are_texts: bool,
    pub(crate) decoupled: bool,
    /// The bank executes at the approval, and answers 200 to a new request.
    pub(crate) executes_at_approval: bool,
    /// A factor comes back with the browser and must be in the confirmation.
    pub(crate) wants_factor: bool,
}

/// The standard that a bank speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Standard {
    BerlinGroup(BerlinGroup),
    Stet(Stet),
}

/// One simulated bank.
#[derive(Debug)]
pub(crate) struct Bank {
    /// First segment of the bank's paths.
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) currency: &'static str,
    pub(crate) standard: Standard,
    pub(crate) customers: &'static [Customer],
}

const USUAL: BerlinGroup = BerlinGroup {
    approach: Approach::RedirectAtOnce,
    confirms_by_code: false,
    signing: None,
    wants_debtor_account: true,
    instant: true,
    last_status: "ACSC",
    cancels_with_approval: false,
};

/// All these banks.
pub(crate) const BANKS: [Bank; 12] = [
    Bank {
        id: "bg-linden",
        name: "Lindenbank",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup { cancels_with_approval: true, ..USUAL }),
        customers: &[
            customer(
                "lena",
                "lena-pass",
                &[
                    account("DE65700202700000001008", "Lena Lindner", 1_250_000),
                    account("DE70700202700000001015", "Lena Lindner Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "lukas",
                "lukas-pass",
                &[account("DE75700202700000001022", "Lukas Lang", 430_050)],
            ),
            customer(
                "lotte",
                "lotte-pass",
                &[account("DE80700202700000001029", "Lotte Leer", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-ahorn",
        name: "Ahornbank",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::EmbeddedManyMethods,
            ..USUAL
        }),
        customers: &[
            customer(
                "anna",
                "anna-pass",
                &[
                    account("DE32370400440000001036", "Anna Ahrens", 1_250_000),
                    account("DE37370400440000001043", "Anna Ahrens Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "anton",
                "anton-pass",
                &[account("DE42370400440000001050", "Anton Auer", 430_050)],
            ),
            customer("agnes", "agnes-pass", &[account("DE47370400440000001057", "Agnes Arm", 125)]),
        ],
    },
    Bank {
        id: "bg-eiche",
        name: "Eichensparkasse",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::EmbeddedOneMethod,
            instant: false,
            ..USUAL
        }),
        customers: &[
            customer(
                "elfi",
                "elfi-pass",
                &[
                    account("AT672011100000001092", "Elfriede Eder", 1_250_000),
                    account("AT722011100000001099", "Elfriede Eder Sparbuch", 5_000_000),
                ],
            ),
            customer(
                "emil",
                "emil-pass",
                &[account("AT772011100000001106", "Emil Egger", 430_050)],
            ),
            customer("erna", "erna-pass", &[account("AT822011100000001113", "Erna Eng", 125)]),
        ],
    },
    Bank {
        id: "bg-birke",
        name: "Birkenbank",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::Decoupled,
            instant: false,
            ..USUAL
        }),
        customers: &[
            customer(
                "bernd",
                "bernd-pass",
                &[
                    account("DE11500105170000001064", "Bernd Birk", 1_250_000),
                    account("DE16500105170000001071", "Bernd Birk Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "birgit",
                "birgit-pass",
                &[account("DE21500105170000001078", "Birgit Busch", 430_050)],
            ),
            customer(
                "bruno",
                "bruno-pass",
                &[account("DE26500105170000001085", "Bruno Blank", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-tulp",
        name: "Tulpenbank",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::RedirectWhenAsked,
            wants_debtor_account: false,
            last_status: "ACCP",
            ..USUAL
        }),
        customers: &[
            customer(
                "tess",
                "tess-pass",
                &[
                    account("NL17TULP0000001120", "Tess Timmer", 1_250_000),
                    account("NL22TULP0000001127", "Tess Timmer Spaarrekening", 5_000_000),
                ],
            ),
            customer("tijn", "tijn-pass", &[account("NL27TULP0000001134", "Tijn Tol", 430_050)]),
            customer("toos", "toos-pass", &[account("NL32TULP0000001141", "Toos Tekort", 125)]),
        ],
    },
    Bank {
        id: "bg-pino",
        name: "Banca del Pino",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            confirms_by_code: true,
            signing: Some(Signing::Sha512),
            instant: false,
            ..USUAL
        }),
        customers: &[
            customer(
                "paola",
                "paola-pass",
                &[
                    account("IT11X0542811101000000001148", "Paola Pini", 1_250_000),
                    account("IT16X0542811101000000001155", "Paola Pini Risparmi", 5_000_000),
                ],
            ),
            customer(
                "pietro",
                "pietro-pass",
                &[account("IT21X0542811101000000001162", "Pietro Poli", 430_050)],
            ),
            customer(
                "pia",
                "pia-pass",
                &[account("IT26X0542811101000000001169", "Pia Poveri", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-olmo",
        name: "Banco Olmo",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::OAuth,
            signing: Some(Signing::Sha256),
            ..USUAL
        }),
        customers: &[
            customer(
                "olga",
                "olga-pass",
                &[
                    account("ES9521000418450000001176", "Olga Ortega", 1_250_000),
                    account("ES0321000418450000001183", "Olga Ortega Ahorro", 5_000_000),
                ],
            ),
            customer(
                "oscar",
                "oscar-pass",
                &[account("ES0821000418450000001190", "Oscar Ordoñez", 430_050)],
            ),
            customer(
                "oriol",
                "oriol-pass",
                &[account("ES1321000418450000001197", "Oriol Ojeda", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-encina",
        name: "Caja Encina",
        currency: "EUR",
        standard: Standard::BerlinGroup(BerlinGroup {
            approach: Approach::SignInBefore,
            instant: false,
            ..USUAL
        }),
        customers: &[
            customer(
                "elena",
                "elena-pass",
                &[
                    account("ES3420385778980000001204", "Elena Espino", 1_250_000),
                    account("ES3920385778980000001211", "Elena Espino Ahorro", 5_000_000),
                ],
            ),
            customer(
                "enrique",
                "enrique-pass",
                &[account("ES4420385778980000001218", "Enrique Esteve", 430_050)],
            ),
            customer("eva", "eva-pass", &[account("ES4920385778980000001225", "Eva Escasa", 125)]),
        ],
    },
    Bank {
        id: "stet-chene",
        name: "Banque du Chêne",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: false,
            amounts_are_texts: true,
            decoupled: false,
            executes_at_approval: false,
            wants_factor: false,
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
        ],
    },
    Bank {
        id: "stet-hetre",
        name: "Banque du Hêtre",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: true,
            amounts_are_texts: false,
            decoupled: false,
            executes_at_approval: false,
            wants_factor: true,
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
        ],
    },
    Bank {
        id: "stet-saule",
        name: "Crédit Saule",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: true,
            amounts_are_texts: false,
            decoupled: true,
            executes_at_approval: false,
            wants_factor: false,
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
        ],
    },
    Bank {
        id: "stet-if",
        name: "Banque de l'If",
        currency: "EUR",
        standard: Standard::Stet(Stet {
            beneficiary_in_transaction: false,
            amounts_are_texts: true,
            decoupled: false,
            executes_at_approval: true,
            wants_factor: false,
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
        ],
    },
];

/// The bank with this id.
pub(crate) fn find(id: &str) -> Option<&'static Bank> {
    BANKS.iter().find(|bank| bank.id == id)
}

impl Bank {
    /// How a Berlin Group bank does things; the usual way where this is none.
    pub(crate) fn berlin_group(&self) -> BerlinGroup {
        match self.standard {
            Standard::BerlinGroup(own) => own,
            Standard::Stet(_) => USUAL,
        }
    }

    /// Whether the provider has to send something after the payer's approval.
    pub(crate) fn wants_confirmation(&self) -> bool {
        match self.standard {
            Standard::BerlinGroup(own) => own.confirms_by_code,
            Standard::Stet(own) => !own.executes_at_approval,
        }
    }

    /// The parameter in which a code comes back with the browser.
    pub(crate) fn code_parameter(&self) -> &'static str {
        match self.standard {
            Standard::BerlinGroup(_) => "confirmationCode",
            Standard::Stet(_) => "psuAuthenticationFactor",
        }
    }

    /// The customer with this user name.
    pub(crate) fn customer(&self, username: &str) -> Option<&'static Customer> {
        self.customers.iter().find(|customer| customer.username == username)
    }

    /// The customer who owns this account.
    pub(crate) fn owner(&self, iban: &str) -> Option<&'static Customer> {
        let owns = |customer: &&Customer| {
            customer.accounts.iter().any(|account| account.identification == iban)
        };
        self.customers.iter().find(owns)
    }
}
