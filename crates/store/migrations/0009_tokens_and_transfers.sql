-- When a payment of a token request was approved (its token), when its order was wanted or with the
-- bank (its transfer), and where that stands. Each index is in the order of a list; payments of v2 cost these nothing.
ALTER TABLE payments ADD COLUMN token_ms BIGINT;
ALTER TABLE payments ADD COLUMN transfer_ms BIGINT;
ALTER TABLE payments ADD COLUMN transfer_status TEXT COLLATE "C";
CREATE INDEX tokens_by_member ON payments (member_id, token_ms, id) WHERE token_ms IS NOT NULL;
CREATE INDEX tokens_by_sub_tpp ON payments (member_id, on_behalf_of_id, token_ms, id)
    WHERE token_ms IS NOT NULL AND on_behalf_of_id IS NOT NULL;
CREATE INDEX transfers_by_member ON payments (member_id, transfer_ms, id)
    WHERE transfer_ms IS NOT NULL;
CREATE INDEX transfers_by_status ON payments (member_id, transfer_status, transfer_ms, id)
    WHERE transfer_ms IS NOT NULL AND transfer_status IS NOT NULL;
CREATE INDEX transfers_by_sub_tpp ON payments (member_id, on_behalf_of_id, transfer_ms, id)
    WHERE transfer_ms IS NOT NULL AND on_behalf_of_id IS NOT NULL;
