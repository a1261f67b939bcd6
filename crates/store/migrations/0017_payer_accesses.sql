-- Payments that a payer approved at a bank that gives each payer one access at a time: a new sign-in
-- ends the access to those before. `payer` is a keyed hash.
CREATE TABLE payer_accesses (
    payer TEXT COLLATE "C" NOT NULL,
    at_ms BIGINT NOT NULL,
    payment_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (payer, at_ms, payment_id)
);
