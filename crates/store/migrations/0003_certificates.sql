-- Qualified certificates (QWAC, QSealC) of the gateway itself (owner empty) and of members; the
-- private keys are sealed. Of several of one owner and purpose the newest that is valid is used, so
-- that the next one can be added before the present one ends.
CREATE TABLE certificates (
    fingerprint TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    owner TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    chain_pem TEXT NOT NULL,
    sealed_key TEXT NOT NULL,
    not_before_ms BIGINT NOT NULL,
    not_after_ms BIGINT NOT NULL,
    created_ms BIGINT NOT NULL
);
