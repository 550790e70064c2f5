-- What our tables looked like when the software with these migrations first saw them: a hash of columns and keys. MAC under the application key.
CREATE TABLE schema_baselines (
    migrations BINARY(32) NOT NULL,
    fingerprint BINARY(32) NOT NULL,
    seen_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (migrations)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
