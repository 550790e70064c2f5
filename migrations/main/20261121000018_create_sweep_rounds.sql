-- One pass over all records, with its progress. MAC under the application key.
CREATE TABLE sweep_rounds (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    started_at BIGINT UNSIGNED NOT NULL,
    finished_at BIGINT UNSIGNED NULL,
    total BIGINT UNSIGNED NOT NULL,
    checked BIGINT UNSIGNED NOT NULL,
    bad BIGINT UNSIGNED NOT NULL,
    problem VARCHAR(64) CHARACTER SET ascii NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
