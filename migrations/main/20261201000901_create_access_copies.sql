-- A copy of everything that is held about an owner, for them (docs/ACCESS.md). `desk_code` and `content` are cells, the secret of its link wraps the owner key; all three are emptied when it ends. MAC under the front key.
CREATE TABLE access_copies (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    secret_hash BINARY(32) NOT NULL,
    wrapped_key VARBINARY(128) NOT NULL,
    desk_code VARBINARY(512) NOT NULL,
    content MEDIUMBLOB NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    way VARCHAR(16) CHARACTER SET ascii NOT NULL,
    identity VARCHAR(16) CHARACTER SET ascii NULL,
    code_attempts INT UNSIGNED NOT NULL,
    created_by BINARY(16) NULL,
    asked_at BIGINT UNSIGNED NOT NULL,
    expires_at BIGINT UNSIGNED NOT NULL,
    opened_at BIGINT UNSIGNED NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY access_copies_secret_hash (secret_hash),
    KEY access_copies_record_id (record_id, asked_at),
    KEY access_copies_state (state, expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
