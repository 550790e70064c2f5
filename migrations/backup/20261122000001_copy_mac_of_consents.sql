-- The copies follow their tables: the consent brings its MAC along, and a version has no time of its own.
ALTER TABLE record_backups DROP COLUMN version_created_at, ADD COLUMN consent_mac VARBINARY(36) NOT NULL AFTER received_at;
