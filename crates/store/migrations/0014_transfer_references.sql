-- References that members gave transfers of their own, other than those of the token requests: each
-- member uses one once.
CREATE TABLE transfer_references (
    member_id TEXT COLLATE "C" NOT NULL,
    ref_id TEXT COLLATE "C" NOT NULL,
    payment_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (member_id, ref_id)
);
