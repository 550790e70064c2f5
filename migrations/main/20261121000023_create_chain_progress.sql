-- The newest block each reader has seen: a chain that falls behind it is not the chain. MAC under the application key.
CREATE TABLE chain_progress (
    reader VARCHAR(32) CHARACTER SET ascii NOT NULL,
    block_number BIGINT UNSIGNED NOT NULL,
    block_hash BINARY(32) NOT NULL,
    seen_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (reader)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
