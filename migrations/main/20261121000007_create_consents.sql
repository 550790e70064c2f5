-- What the owner signed: message and signature as sealed cells. `nonce_index` is a keyed hash of the message's nonce: one nonce serves one record version.
CREATE TABLE consents (
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    link_id BINARY(16) NOT NULL,
    message BLOB NOT NULL,
    signature BLOB NOT NULL,
    nonce_index BINARY(32) NOT NULL,
    received_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (record_id, version),
    UNIQUE KEY consents_nonce_index (nonce_index)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
