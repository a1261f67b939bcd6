-- Banks' outages, as reported to members: one row for each member and bank.
CREATE TABLE bank_outages (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    member_id TEXT COLLATE "C" NOT NULL,
    bank_id TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    UNIQUE (member_id, bank_id)
);
CREATE INDEX bank_outages_of_bank ON bank_outages (bank_id, member_id);
-- Most banks are available.
CREATE INDEX bank_outages_now ON bank_outages (bank_id) WHERE status <> 'AVAILABLE';
