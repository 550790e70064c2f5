-- Why something can not be verified right now (chain, database or keys out of reach or wrong). Never a breach.
CREATE TABLE operations_alarms (
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    since BIGINT UNSIGNED NOT NULL,
    last_seen_at BIGINT UNSIGNED NOT NULL,
    mailed_at BIGINT UNSIGNED NULL,
    PRIMARY KEY (kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
