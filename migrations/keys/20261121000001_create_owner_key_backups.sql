-- Wrapped owner keys, apart from the backup of records, so that erasing a key leaves no copy beside the data.
CREATE TABLE owner_key_backups (
    key_id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    app_key_version INT UNSIGNED NOT NULL,
    wrapped VARBINARY(128) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (key_id),
    KEY owner_key_backups_record_id (record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
