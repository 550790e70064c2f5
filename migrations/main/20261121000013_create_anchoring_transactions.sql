-- Every signed transaction of a job, committed before it is sent; a replacement (same nonce, higher fee) adds a row.
CREATE TABLE anchoring_transactions (
    hash BINARY(32) NOT NULL,
    job_id BIGINT UNSIGNED NOT NULL,
    nonce BIGINT UNSIGNED NOT NULL,
    raw BLOB NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (hash),
    KEY anchoring_transactions_job_id (job_id, created_at),
    KEY anchoring_transactions_nonce (nonce)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
