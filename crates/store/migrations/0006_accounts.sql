-- Accounts on file: bank accounts that a member may name by an id. Numbers and names are sealed.
CREATE TABLE tokenized_accounts (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    member_id TEXT COLLATE "C" NOT NULL,
    sealed TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX tokenized_accounts_of_member ON tokenized_accounts (member_id, created_ms, id);

-- Verifications of payees: what was asked and answered, sealed.
CREATE TABLE account_verifications (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    member_id TEXT COLLATE "C" NOT NULL,
    sealed TEXT NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX account_verifications_of_member
    ON account_verifications (member_id, created_ms, id);
