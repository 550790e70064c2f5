-- One part of a round: UIDs from first to last, or (both zero) the rows that the chain does not know. `exceptions` holds every subject of it that is not valid, as 16 bytes and one of the verdict. MAC under the application key; it also binds when the round began.
CREATE TABLE sweep_parts (
    round_id BIGINT UNSIGNED NOT NULL,
    number INT UNSIGNED NOT NULL,
    first_uid BIGINT UNSIGNED NOT NULL,
    last_uid BIGINT UNSIGNED NOT NULL,
    holder BINARY(16) NULL,
    lease_until BIGINT UNSIGNED NOT NULL,
    started_at BIGINT UNSIGNED NULL,
    finished_at BIGINT UNSIGNED NULL,
    checked BIGINT UNSIGNED NOT NULL,
    problem VARCHAR(64) CHARACTER SET ascii NULL,
    exceptions MEDIUMBLOB NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (round_id, number),
    KEY sweep_parts_last_uid (last_uid)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
