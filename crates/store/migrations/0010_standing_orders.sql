-- Standing orders are payments of a kind of their own, which no list of payments shows: the indexes
-- of those lists leave them out, so that a page is read from one place on, however many standing
-- orders there are. `submission_ms` is when a standing order was wanted or with the bank.
ALTER TABLE payments ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'single';
ALTER TABLE payments ADD COLUMN submission_ms BIGINT;
DROP INDEX payments_by_member;
DROP INDEX payments_by_reference;
DROP INDEX payments_by_flow_and_state;
DROP INDEX payments_by_sub_tpp;
DROP INDEX payments_by_payer;
CREATE INDEX payments_by_member ON payments (member_id, created_ms, id) WHERE kind = 'single';
CREATE INDEX payments_by_reference ON payments (member_id, ref_id, created_ms, id)
    WHERE kind = 'single';
CREATE INDEX payments_by_flow_and_state ON payments (member_id, flow, state, created_ms, id)
    WHERE kind = 'single';
CREATE INDEX payments_by_sub_tpp ON payments (member_id, on_behalf_of_id, created_ms, id)
    WHERE kind = 'single' AND on_behalf_of_id IS NOT NULL;
CREATE INDEX payments_by_payer ON payments (member_id, external_psu_reference, created_ms, id)
    WHERE kind = 'single' AND external_psu_reference IS NOT NULL;
CREATE INDEX standing_orders_by_member ON payments (member_id, submission_ms, id)
    WHERE submission_ms IS NOT NULL;
CREATE INDEX standing_orders_by_sub_tpp ON payments (member_id, on_behalf_of_id, submission_ms, id)
    WHERE submission_ms IS NOT NULL AND on_behalf_of_id IS NOT NULL;
