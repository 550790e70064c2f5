-- The job of anchoring one record version, written in the transaction that approves it (docs/ANCHORING.md tells its states). MAC under the application key.
CREATE TABLE anchoring_jobs (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    approved_by BINARY(16) NOT NULL,
    approved_at BIGINT UNSIGNED NOT NULL,
    uid BIGINT UNSIGNED NULL,
    nonce BIGINT UNSIGNED NULL,
    chain_timestamp BIGINT UNSIGNED NULL,
    proof BINARY(32) NULL,
    transaction_hash BINARY(32) NULL,
    block_number BIGINT UNSIGNED NULL,
    attempts INT UNSIGNED NOT NULL,
    problem VARCHAR(64) CHARACTER SET ascii NULL,
    updated_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY anchoring_jobs_version (record_id, version),
    KEY anchoring_jobs_state (state, id),
    KEY anchoring_jobs_uid (uid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
