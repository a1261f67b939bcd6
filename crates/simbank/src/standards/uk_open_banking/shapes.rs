//! The shape of the requests, written by hand as tables after the data dictionaries of OBIE 3.1.11
//! and 4.0 (consents and orders of domestic payments, scheduled payments and standing orders).

use super::dialect::Version;
use super::fields::{Field, Kind, may, must};
use crate::engine::order::Product;

/// The body of `POST` for a consent.
pub(crate) const fn consent_request(version: Version, product: Product) -> &'static [Field] {
    match (version, product) {
        (Version::V3_1, Product::Payment) => PAYMENT_CONSENT_3_1,
        (Version::V3_1, Product::InternationalPayment) => INTERNATIONAL_CONSENT_3_1,
        (Version::V3_1, Product::ScheduledPayment) => SCHEDULED_CONSENT_3_1,
        (Version::V3_1, Product::StandingOrder) => STANDING_ORDER_CONSENT_3_1,
        (Version::V4_0, Product::Payment) => PAYMENT_CONSENT_4_0,
        (Version::V4_0, Product::InternationalPayment) => INTERNATIONAL_CONSENT_4_0,
        (Version::V4_0, Product::ScheduledPayment) => SCHEDULED_CONSENT_4_0,
        (Version::V4_0, Product::StandingOrder) => STANDING_ORDER_CONSENT_4_0,
    }
}

/// The body of `POST` for an order.
pub(crate) const fn order_request(version: Version, product: Product) -> &'static [Field] {
    match (version, product) {
        (Version::V3_1, Product::Payment) => PAYMENT_3_1,
        (Version::V3_1, Product::InternationalPayment) => INTERNATIONAL_3_1,
        (Version::V3_1, Product::ScheduledPayment) => SCHEDULED_3_1,
        (Version::V3_1, Product::StandingOrder) => STANDING_ORDER_3_1,
        (Version::V4_0, Product::Payment) => PAYMENT_4_0,
        (Version::V4_0, Product::InternationalPayment) => INTERNATIONAL_4_0,
        (Version::V4_0, Product::ScheduledPayment) => SCHEDULED_4_0,
        (Version::V4_0, Product::StandingOrder) => STANDING_ORDER_4_0,
    }
}

/// A consent and its order: the same initiation and risk.
macro_rules! requests {
    ($consent:ident, $order:ident, $initiation:ident, $risk:ident $(, $permission:expr)?) => {
        const $consent: &[Field] = &[
            must(
                "Data",
                Kind::Object(&[
                    $($permission,)?
                    may("ReadRefundAccount", Kind::Word(&["No", "Yes"])),
                    must("Initiation", Kind::Object($initiation)),
                    may("Authorisation", Kind::Object(AUTHORISATION)),
                    may("SCASupportData", Kind::Object(SCA_SUPPORT_DATA)),
                ]),
            ),
            must("Risk", Kind::Object($risk)),
        ];
        const $order: &[Field] = &[
            must(
                "Data",
                Kind::Object(&[
                    must("ConsentId", Kind::Text(1, 128)),
                    must("Initiation", Kind::Object($initiation)),
                ]),
            ),
            must("Risk", Kind::Object($risk)),
        ];
    };
}

const PERMISSION: Field = must("Permission", Kind::Word(&["Create"]));

requests!(PAYMENT_CONSENT_3_1, PAYMENT_3_1, INITIATION_3_1, RISK_3_1);
requests!(INTERNATIONAL_CONSENT_3_1, INTERNATIONAL_3_1, ABROAD_3_1, RISK_3_1);
requests!(INTERNATIONAL_CONSENT_4_0, INTERNATIONAL_4_0, ABROAD_4_0, RISK_4_0);
requests!(SCHEDULED_CONSENT_3_1, SCHEDULED_3_1, SCHEDULED_INITIATION_3_1, RISK_3_1, PERMISSION);
requests!(STANDING_ORDER_CONSENT_3_1, STANDING_ORDER_3_1, MANDATE_3_1, RISK_3_1, PERMISSION);
requests!(PAYMENT_CONSENT_4_0, PAYMENT_4_0, INITIATION_4_0, RISK_4_0);
requests!(SCHEDULED_CONSENT_4_0, SCHEDULED_4_0, SCHEDULED_INITIATION_4_0, RISK_4_0, PERMISSION);
requests!(STANDING_ORDER_CONSENT_4_0, STANDING_ORDER_4_0, MANDATE_4_0, RISK_4_0, PERMISSION);

const AUTHORISATION: &[Field] = &[
    must("AuthorisationType", Kind::Word(&["Any", "Single"])),
    may("CompletionDateTime", Kind::DateTime),
];

const SCA_SUPPORT_DATA: &[Field] = &[
    may(
        "RequestedSCAExemptionType",
        Kind::Word(&[
            "BillPayment",
            "ContactlessTravel",
            "EcommerceGoods",
            "EcommerceServices",
            "Kiosk",
            "Parking",
            "PartyToParty",
        ]),
    ),
    may("AppliedAuthenticationApproach", Kind::Word(&["CA", "SCA"])),
    may("ReferencePaymentOrderId", Kind::Text(1, 40)),
];

const AMOUNT: Kind =
    Kind::Object(&[must("Amount", Kind::Amount), must("Currency", Kind::Currency)]);

const SCHEME: Field = must("SchemeName", Kind::Text(1, 40));
const IDENTIFICATION: Field = must("Identification", Kind::Text(1, 256));
const SECONDARY: Field = may("SecondaryIdentification", Kind::Text(1, 34));
const DEBTOR_NAME: Field = may("Name", Kind::Text(1, 350));
const CREDITOR_NAME: Field = must("Name", Kind::Text(1, 350));

const DEBTOR_3_1: Field =
    may("DebtorAccount", Kind::Object(&[SCHEME, IDENTIFICATION, DEBTOR_NAME, SECONDARY]));
const CREDITOR_3_1: Field =
    must("CreditorAccount", Kind::Object(&[SCHEME, IDENTIFICATION, CREDITOR_NAME, SECONDARY]));
const REMITTANCE_3_1: Field = may(
    "RemittanceInformation",
    Kind::Object(&[may("Unstructured", Kind::Text(1, 140)), may("Reference", Kind::Text(1, 35))]),
);

const INSTRUCTION_ID: Field = must("InstructionIdentification", Kind::Text(1, 35));
const INSTRUMENT: Field = may("LocalInstrument", Kind::Text(1, 50));
const SUPPLEMENTARY: Field = may("SupplementaryData", Kind::Open);

const INITIATION_3_1: &[Field] = &[
    INSTRUCTION_ID,
    must("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    must("InstructedAmount", AMOUNT),
    DEBTOR_3_1,
    CREDITOR_3_1,
    may("CreditorPostalAddress", Kind::Object(POSTAL_ADDRESS)),
    REMITTANCE_3_1,
    SUPPLEMENTARY,
];

const BEARERS: Kind =
    Kind::Word(&["BorneByCreditor", "BorneByDebtor", "FollowingServiceLevel", "Shared"]);
const PRIORITY: Field = may("InstructionPriority", Kind::Word(&["Normal", "Urgent"]));
const EXCHANGE_RATE: Field = may(
    "ExchangeRateInformation",
    Kind::Object(&[
        must("UnitCurrency", Kind::Currency),
        may("ExchangeRate", Kind::Number),
        must("RateType", Kind::Word(&["Actual", "Agreed", "Indicative"])),
        may("ContractIdentification", Kind::Text(1, 256)),
    ]),
);

const ABROAD_3_1: &[Field] = &[
    INSTRUCTION_ID,
    must("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    PRIORITY,
    may("Purpose", Kind::Text(3, 4)),
    may("ExtendedPurpose", Kind::Text(1, 140)),
    may("ChargeBearer", BEARERS),
    must("CurrencyOfTransfer", Kind::Currency),
    may("DestinationCountryCode", Kind::Country),
    must("InstructedAmount", AMOUNT),
    EXCHANGE_RATE,
    DEBTOR_3_1,
    may(
        "Creditor",
        Kind::Object(&[
            may("Name", Kind::Text(1, 140)),
            may("PostalAddress", Kind::Object(POSTAL_ADDRESS)),
        ]),
    ),
    may(
        "CreditorAgent",
        Kind::Object(&[
            may("SchemeName", Kind::Text(1, 40)),
            may("Identification", Kind::Text(1, 35)),
            may("Name", Kind::Text(1, 140)),
            may("PostalAddress", Kind::Object(POSTAL_ADDRESS)),
        ]),
    ),
    CREDITOR_3_1,
    REMITTANCE_3_1,
    SUPPLEMENTARY,
];

const ABROAD_4_0: &[Field] = &[
    INSTRUCTION_ID,
    must("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    PRIORITY,
    may("ExtendedPurpose", Kind::Text(1, 140)),
    may("ChargeBearer", BEARERS),
    must("CurrencyOfTransfer", Kind::Currency),
    may("DestinationCountryCode", Kind::Country),
    must("InstructedAmount", AMOUNT),
    EXCHANGE_RATE,
    DEBTOR_4_0,
    may(
        "Creditor",
        Kind::Object(&[
            may("Name", Kind::Text(1, 350)),
            may("LEI", Kind::Text(20, 20)),
            may("PostalAddress", Kind::Object(POSTAL_ADDRESS_4_0)),
        ]),
    ),
    may(
        "CreditorAgent",
        Kind::Object(&[
            may("SchemeName", Kind::Text(1, 40)),
            may("Identification", Kind::Text(1, 35)),
            may("Name", Kind::Text(1, 140)),
            may("LEI", Kind::Text(20, 20)),
            may("PostalAddress", Kind::Object(POSTAL_ADDRESS_4_0)),
        ]),
    ),
    CREDITOR_4_0,
    may("UltimateCreditor", Kind::Open),
    may("UltimateDebtor", Kind::Open),
    REMITTANCE_4_0,
    SUPPLEMENTARY,
];

const SCHEDULED_INITIATION_3_1: &[Field] = &[
    INSTRUCTION_ID,
    may("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    must("RequestedExecutionDateTime", Kind::DateTime),
    must("InstructedAmount", AMOUNT),
    DEBTOR_3_1,
    CREDITOR_3_1,
    may("CreditorPostalAddress", Kind::Object(POSTAL_ADDRESS)),
    REMITTANCE_3_1,
    SUPPLEMENTARY,
];

const MANDATE_3_1: &[Field] = &[
    must("Frequency", Kind::Frequency),
    may("Reference", Kind::Text(1, 35)),
    may("NumberOfPayments", Kind::Text(1, 35)),
    must("FirstPaymentDateTime", Kind::DateTime),
    may("RecurringPaymentDateTime", Kind::DateTime),
    may("FinalPaymentDateTime", Kind::DateTime),
    must("FirstPaymentAmount", AMOUNT),
    may("RecurringPaymentAmount", AMOUNT),
    may("FinalPaymentAmount", AMOUNT),
    DEBTOR_3_1,
    CREDITOR_3_1,
    SUPPLEMENTARY,
];

const PROXY: Field = may(
    "Proxy",
    Kind::Object(&[
        must("Identification", Kind::Text(1, 2048)),
        must("Code", Kind::Text(4, 4)),
        may("Type", Kind::Text(1, 35)),
    ]),
);
const DEBTOR_4_0: Field =
    may("DebtorAccount", Kind::Object(&[SCHEME, IDENTIFICATION, DEBTOR_NAME, SECONDARY, PROXY]));
const CREDITOR_4_0: Field = must(
    "CreditorAccount",
    Kind::Object(&[SCHEME, IDENTIFICATION, CREDITOR_NAME, SECONDARY, PROXY]),
);

const REMITTANCE_4_0: Field = may(
    "RemittanceInformation",
    Kind::Object(&[
        may(
            "Structured",
            Kind::Objects(&[
                may("ReferredDocumentInformation", Kind::Objects(REFERRED_DOCUMENT)),
                may("ReferredDocumentAmount", Kind::Integer),
                may(
                    "CreditorReferenceInformation",
                    Kind::Object(&[
                        may("Code", Kind::Word(&["DISP", "FXDR", "PUOR", "RPIN", "RADM", "SCOR"])),
                        may("Issuer", Kind::Text(1, 35)),
                        may("Reference", Kind::Text(1, 35)),
                    ]),
                ),
                may("Invoicer", Kind::Text(1, 256)),
                may("Invoicee", Kind::Text(1, 256)),
                may("TaxRemittance", Kind::Text(1, 140)),
                may("AdditionalRemittanceInformation", Kind::Lines(3, 140)),
            ]),
        ),
        may("Unstructured", Kind::Lines(LINES, 140)),
    ]),
);

/// The standard has no limit; these banks do.
const LINES: usize = 100;

const REFERRED_DOCUMENT: &[Field] = &[
    may("Code", Kind::Text(4, 4)),
    may("Issuer", Kind::Text(1, 35)),
    may("Number", Kind::Text(1, 35)),
    may("RelatedDate", Kind::DateTime),
    may("LineDetails", Kind::Lines(LINES, 140)),
];

const INITIATION_4_0: &[Field] = &[
    INSTRUCTION_ID,
    must("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    must("InstructedAmount", AMOUNT),
    DEBTOR_4_0,
    may("CreditorAgent", Kind::Open),
    CREDITOR_4_0,
    may("CreditorPostalAddress", Kind::Object(POSTAL_ADDRESS_4_0)),
    may("UltimateCreditor", Kind::Open),
    may("UltimateDebtor", Kind::Open),
    REMITTANCE_4_0,
    SUPPLEMENTARY,
];

const SCHEDULED_INITIATION_4_0: &[Field] = &[
    INSTRUCTION_ID,
    may("EndToEndIdentification", Kind::Text(1, 35)),
    INSTRUMENT,
    must("RequestedExecutionDateTime", Kind::DateTime),
    must("InstructedAmount", AMOUNT),
    DEBTOR_4_0,
    CREDITOR_4_0,
    may("CreditorPostalAddress", Kind::Object(POSTAL_ADDRESS_4_0)),
    may("UltimateCreditor", Kind::Open),
    may("UltimateDebtor", Kind::Open),
    REMITTANCE_4_0,
    SUPPLEMENTARY,
];

const MANDATE_4_0: &[Field] = &[
    REMITTANCE_4_0,
    may("NumberOfPayments", Kind::Text(1, 35)),
    must("FirstPaymentAmount", AMOUNT),
    may("RecurringPaymentAmount", AMOUNT),
    may("FinalPaymentAmount", AMOUNT),
    DEBTOR_4_0,
    CREDITOR_4_0,
    may("UltimateCreditor", Kind::Open),
    may("UltimateDebtor", Kind::Open),
    must(
        "MandateRelatedInformation",
        Kind::Object(&[
            may("MandateIdentification", Kind::Text(1, 35)),
            may("Classification", Kind::Word(&["FIXE", "USGB", "VARI"])),
            may("CategoryPurposeCode", Kind::Text(4, 4)),
            may("FirstPaymentDateTime", Kind::DateTime),
            may("RecurringPaymentDateTime", Kind::DateTime),
            may("FinalPaymentDateTime", Kind::DateTime),
            must(
                "Frequency",
                Kind::Object(&[
                    must("Type", Kind::Text(4, 35)),
                    may("CountPerPeriod", Kind::Integer),
                    may("PointInTime", Kind::Text(0, 2)),
                ]),
            ),
            may("Reason", Kind::Text(1, 256)),
        ]),
    ),
    SUPPLEMENTARY,
];

const POSTAL_ADDRESS_4_0: &[Field] = &[
    may(
        "AddressType",
        Kind::Word(&["BIZZ", "DLVY", "MLTO", "PBOX", "ADDR", "HOME", "CORR", "STAT"]),
    ),
    may("Department", Kind::Text(1, 70)),
    may("SubDepartment", Kind::Text(1, 70)),
    may("StreetName", Kind::Text(1, 140)),
    may("BuildingNumber", Kind::Text(1, 16)),
    may("BuildingName", Kind::Text(1, 140)),
    may("Floor", Kind::Text(1, 70)),
    may("UnitNumber", Kind::Text(1, 16)),
    may("Room", Kind::Text(1, 70)),
    may("PostBox", Kind::Text(1, 16)),
    may("TownLocationName", Kind::Text(1, 140)),
    may("DistrictName", Kind::Text(1, 140)),
    may("CareOf", Kind::Text(1, 140)),
    may("PostCode", Kind::Text(1, 16)),
    may("TownName", Kind::Text(1, 140)),
    may("CountrySubDivision", Kind::Text(1, 35)),
    may("Country", Kind::Country),
    may("AddressLine", Kind::Lines(7, 70)),
];

const ACCOUNT_TYPE: Kind = Kind::Word(&[
    "Business",
    "BusinessSavingsAccount",
    "Charity",
    "Collection",
    "Corporate",
    "Ewallet",
    "Government",
    "Investment",
    "ISA",
    "JointPersonal",
    "Pension",
    "Personal",
    "PersonalSavingsAccount",
    "Premier",
    "Wealth",
]);

const RISK_4_0: &[Field] = &[
    may(
        "PaymentContextCode",
        Kind::Word(&[
            "BillingGoodsAndServicesInAdvance",
            "BillingGoodsAndServicesInArrears",
            "EcommerceMerchantInitiatedPayment",
            "FaceToFacePointOfSale",
            "TransferToSelf",
            "TransferToThirdParty",
        ]),
    ),
    may("MerchantCategoryCode", Kind::Text(3, 4)),
    may("MerchantCustomerIdentification", Kind::Text(1, 70)),
    may("ContractPresentIndicator", Kind::Boolean),
    may("BeneficiaryPrepopulatedIndicator", Kind::Boolean),
    may("PaymentPurposeCode", Kind::Text(1, 4)),
    may("CategoryPurposeCode", Kind::Text(4, 4)),
    may("BeneficiaryAccountType", ACCOUNT_TYPE),
    may("DeliveryAddress", Kind::Object(POSTAL_ADDRESS_4_0)),
];

const RISK_3_1: &[Field] = &[
    may(
        "PaymentContextCode",
        Kind::Word(&[
            "BillingGoodsAndServicesInAdvance",
            "BillingGoodsAndServicesInArrears",
            "PispPayee",
            "EcommerceMerchantInitiatedPayment",
            "FaceToFacePointOfSale",
            "TransferToSelf",
            "TransferToThirdParty",
            "BillPayment",
            "EcommerceGoods",
            "EcommerceServices",
            "Other",
            "PartyToParty",
        ]),
    ),
    may("MerchantCategoryCode", Kind::Text(3, 4)),
    may("MerchantCustomerIdentification", Kind::Text(1, 70)),
    // Spelt like this in the standard.
    may("ContractPresentInidicator", Kind::Boolean),
    may("BeneficiaryPrepopulatedIndicator", Kind::Boolean),
    may("PaymentPurposeCode", Kind::Text(3, 4)),
    may("BeneficiaryAccountType", ACCOUNT_TYPE),
    may(
        "DeliveryAddress",
        Kind::Object(&[
            may("AddressLine", Kind::Lines(2, 70)),
            may("StreetName", Kind::Text(1, 70)),
            may("BuildingNumber", Kind::Text(1, 16)),
            may("PostCode", Kind::Text(1, 16)),
            must("TownName", Kind::Text(1, 35)),
            may("CountrySubDivision", Kind::Text(1, 35)),
            must("Country", Kind::Country),
        ]),
    ),
];

const POSTAL_ADDRESS: &[Field] = &[
    may(
        "AddressType",
        Kind::Word(&[
            "Business",
            "Correspondence",
            "DeliveryTo",
            "MailTo",
            "POBox",
            "Postal",
            "Residential",
            "Statement",
        ]),
    ),
    may("Department", Kind::Text(1, 70)),
    may("SubDepartment", Kind::Text(1, 70)),
    may("StreetName", Kind::Text(1, 70)),
    may("BuildingNumber", Kind::Text(1, 16)),
    may("PostCode", Kind::Text(1, 16)),
    may("TownName", Kind::Text(1, 35)),
    may("CountrySubDivision", Kind::Text(1, 35)),
    may("Country", Kind::Country),
    may("AddressLine", Kind::Lines(7, 70)),
];
