-- The copy of `record_versions.wallet_order`.
ALTER TABLE record_backups ADD COLUMN wallet_order MEDIUMBLOB NULL;
