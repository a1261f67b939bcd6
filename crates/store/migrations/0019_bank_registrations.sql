-- Our registrations at banks. A row without a client is an attempt whose answer was lost.
CREATE TABLE bank_registrations (
    bank_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    begun_ms BIGINT NOT NULL,
    registered_ms BIGINT,
    sealed TEXT COLLATE "C"
);
-- Old rows are found by their time alone.
CREATE INDEX payer_accesses_by_time ON payer_accesses (at_ms);
