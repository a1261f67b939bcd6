-- Token requests (payments v1): what a member asks a payer to approve, until it is a payment. Their
-- references are unique for each member.
CREATE TABLE token_requests (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    member_id TEXT COLLATE "C" NOT NULL,
    ref_id TEXT COLLATE "C" NOT NULL,
    payment_id TEXT COLLATE "C",
    created_ms BIGINT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX token_requests_by_reference ON token_requests (member_id, ref_id);
