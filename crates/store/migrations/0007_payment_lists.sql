-- What lists of payments are filtered by. Each index is in the order of a list, so that a page is
-- read from one place on, however many payments there are. The columns of payments that exist
-- already are filled from their bodies right after this.
ALTER TABLE payments ADD COLUMN flow TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN on_behalf_of_id TEXT COLLATE "C";
ALTER TABLE payments ADD COLUMN external_psu_reference TEXT COLLATE "C";
DROP INDEX payments_by_reference;
CREATE INDEX payments_by_reference ON payments (member_id, ref_id, created_ms, id);
CREATE INDEX payments_by_flow_and_state ON payments (member_id, flow, state, created_ms, id);
-- Most payments have neither, and then cost these nothing.
CREATE INDEX payments_by_sub_tpp ON payments (member_id, on_behalf_of_id, created_ms, id)
    WHERE on_behalf_of_id IS NOT NULL;
CREATE INDEX payments_by_payer ON payments (member_id, external_psu_reference, created_ms, id)
    WHERE external_psu_reference IS NOT NULL;
