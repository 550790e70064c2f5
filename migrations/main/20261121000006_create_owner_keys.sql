-- The data key of one owner, wrapped by an application key. Destroying it destroys the record's values.
CREATE TABLE owner_keys (
    key_id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    app_key_version INT UNSIGNED NOT NULL,
    wrapped VARBINARY(128) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (key_id),
    UNIQUE KEY owner_keys_record_id (record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
