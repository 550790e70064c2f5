-- One signed-in browser. Only a hash of the cookie is kept; `flash` is a sealed note shown once (a consent link, say).
CREATE TABLE sessions (
    id_hash BINARY(32) NOT NULL,
    app VARCHAR(16) CHARACTER SET ascii NOT NULL,
    staff_id BINARY(16) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    last_seen_at BIGINT UNSIGNED NOT NULL,
    expires_at BIGINT UNSIGNED NOT NULL,
    flash BLOB NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id_hash),
    KEY sessions_expires_at (expires_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
