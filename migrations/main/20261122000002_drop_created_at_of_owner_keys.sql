-- A key is as old as its record.
ALTER TABLE owner_keys DROP COLUMN created_at;
