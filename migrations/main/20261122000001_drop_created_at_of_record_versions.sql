-- Nobody asked when a draft was written, and nothing vouched for the answer: record_events tells it, under a MAC.
ALTER TABLE record_versions DROP COLUMN created_at;
