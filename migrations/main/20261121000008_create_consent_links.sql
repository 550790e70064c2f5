-- A link that lets an owner in. The secret is kept only as a keyed hash and wraps the owner key. `desk_code` and `offer` (nonce, times, purposes shown) are cells. MAC under the front key.
CREATE TABLE consent_links (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    secret_hash BINARY(32) NOT NULL,
    wrapped_key VARBINARY(128) NOT NULL,
    desk_code VARBINARY(512) NOT NULL,
    offer BLOB NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    code_attempts INT UNSIGNED NOT NULL,
    created_by BINARY(16) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    expires_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY consent_links_secret_hash (secret_hash),
    KEY consent_links_record_id (record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
