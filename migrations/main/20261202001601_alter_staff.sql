-- A link to choose a password by, and the order of an account's changes (docs/STAFF.md). `email` is sealed, of the link there is a keyed hash.
ALTER TABLE staff
    ADD COLUMN email VARBINARY(1024) NULL,
    ADD COLUMN link_hash BINARY(32) NULL,
    ADD COLUMN link_expires_at BIGINT UNSIGNED NULL,
    ADD COLUMN signed_out_at BIGINT UNSIGNED NULL,
    ADD COLUMN revision INT UNSIGNED NOT NULL DEFAULT 0,
    ADD UNIQUE KEY staff_link_hash (link_hash);
