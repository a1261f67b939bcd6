//! The templates' texts, embedded in the program. A test compares this list with the folder.

/// One template: its path in the repository, and its text.
macro_rules! embedded {
    ($($country:literal: [$($id:literal),+ $(,)?]),+ $(,)?) => {
        &[$($((
            concat!("banks/", $country, "/", $id, ".toml"),
            include_str!(concat!("../../../../banks/", $country, "/", $id, ".toml")),
        )),+),+]
    };
}

/// All templates, by country and id.
pub(super) const TEMPLATES: &[(&str, &str)] = embedded![
    "at": ["bank-austria", "bawag", "easybank", "erste-bank-at", "raiffeisen-at", "vkb-bank", "volksbank-at"],
    "be": ["argenta", "bank-van-breda", "beobank", "bnp-paribas-fortis", "cbc", "crelan", "europabank", "ing-be", "kbc", "kbc-brussels", "keytrade-bank", "vdk-bank"],
    "bg": ["dsk-bank", "fibank", "postbank-bg", "unicredit-bulbank"],
    "cz": ["unicredit-cz"],
    "de": ["1822direkt", "berenberg", "comdirect", "commerzbank", "consorsbank", "deutsche-bank", "dkb", "hypovereinsbank", "ing-de", "n26", "norisbank", "olb", "postbank", "santander-consumer-de", "solaris", "sparda-banken", "sparkassen", "targobank", "volksbanken-raiffeisenbanken"],
    "dk": ["arbejdernes-landsbank", "jyske-bank", "nykredit", "sydbank"],
    "ee": ["citadele-ee", "coop-pank", "lhv", "luminor-ee", "seb-ee", "swedbank-ee"],
    "es": ["abanca", "arquia", "banco-europeo-de-finanzas", "bankinter", "bbva", "caixabank", "caja-rural", "cajamar", "cajasur", "deutsche-bank-es", "evo-banco", "ibercaja", "kutxabank", "laboral-kutxa", "openbank", "renta-4", "sabadell", "santander-es", "unicaja", "wizink"],
    "fi": ["aktia", "alandsbanken", "handelsbanken-fi", "oma-saastopankki", "pop-pankki", "s-pankki", "saastopankki"],
    "fr": ["allianz-banque", "arkea-banking-services", "arkea-banque-entreprises", "arkea-banque-privee", "banque-bcp", "banque-de-savoie", "banque-palatine", "banque-populaire", "bnp-paribas", "boursobank", "bpe", "caisse-epargne", "cic", "credit-agricole", "credit-cooperatif", "credit-mutuel", "credit-mutuel-de-bretagne", "credit-mutuel-du-sud-ouest", "fortuneo", "hello-bank-fr", "la-banque-postale", "lcl", "monabanq", "societe-generale"],
    "gb": ["allied-irish-bank-gb", "bank-of-ireland-uk", "bank-of-scotland", "barclays", "chase-uk", "coutts", "danske-bank-uk", "first-direct", "halifax", "hsbc-kinetic", "hsbc-uk", "hsbc-uk-business", "lloyds", "mbna", "mettle", "monzo", "nationwide", "natwest", "revolut-uk", "royal-bank-of-scotland", "santander-uk", "starling", "tide", "tsb", "ulster-bank", "virgin-money", "wise-uk", "zopa"],
    "gr": ["alpha-bank-gr", "attica-bank", "eurobank-gr"],
    "hr": ["agram-banka", "erste-bank-hr", "otp-banka-hr", "privredna-banka-zagreb", "raiffeisen-hr", "zagrebacka-banka"],
    "hu": ["cib-bank", "erste-bank-hu", "otp-bank-hu", "raiffeisen-hu", "unicredit-hu"],
    "ie": ["aib", "bank-of-ireland", "monzo-ie", "permanent-tsb"],
    "it": ["banca-mediolanum", "banca-profilo", "banca-sella", "banca-widiba", "banco-bpm", "banco-di-sardegna", "bcc-iccrea", "bnl", "bper-banca", "cassa-centrale", "credem", "deutsche-bank-it", "fineco", "ing-it", "intesa-sanpaolo", "monte-dei-paschi", "poste-italiane", "unicredit-it"],
    "lt": ["artea", "citadele-lt", "luminor-lt", "paysera", "revolut", "seb-lt", "swedbank-lt"],
    "lu": ["banque-de-patrimoines-prives", "bgl-bnp-paribas", "bil", "eurobank-lu", "fortuna-banque", "intesa-sanpaolo-lu", "post-luxembourg", "raiffeisen-lu", "seb-lu", "spuerkeess"],
    "lv": ["citadele-lv", "luminor-lv", "seb-lv", "swedbank-lv"],
    "mt": ["bank-of-valletta"],
    "nl": ["asn-bank", "handelsbanken-nl", "ing-nl", "knab", "rabobank", "triodos-nl"],
    "no": ["bank-norwegian", "bn-bank", "dnb", "handelsbanken-no", "sparebank-1", "sparebanken-norge"],
    "pl": ["alior-bank", "bank-millennium", "bank-pekao", "bank-pocztowy", "bnp-paribas-pl", "ing-pl", "mbank-pl", "nest-bank", "pko-bank-polski"],
    "pt": ["activobank", "atlantico-europa", "banco-big", "banco-bpi", "banco-portugues-de-gestao", "bankinter-pt", "caixa-geral-de-depositos", "credito-agricola", "millennium-bcp", "novo-banco", "santander-pt"],
    "ro": ["banca-transilvania", "bcr", "brd", "cec-bank", "ing-ro", "libra-bank", "raiffeisen-ro", "unicredit-ro"],
    "se": ["handelsbanken-se", "lansforsakringar-bank", "swedbank-se"],
    "si": ["delavska-hranilnica", "intesa-sanpaolo-si", "nlb", "unicredit-si"],
    "sk": ["unicredit-sk"],
];
