-- Our registrations at banks. A row without a client is an attempt whose answer was lost.
CREATE TABLE bank_registrations (
    bank_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    begun_ms BIGINT NOT NULL,
    registered_ms BIGINT,
    sealed TEXT COLLATE "C"
);
-- Old rows are found by their time alone.
CREATE INDEX payer_accesses_by_time ON payer_accesses (at_ms);
-- The files of the operator's banks, one row for each standard and version of a bank: payments under way
-- end with the version with which they began, also after a restart.
CREATE TABLE bank_files (
    bank_id TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    first_ms BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (bank_id, version)
);
