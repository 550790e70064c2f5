-- What an owner took back of what they had allowed; only ever added to. `choices` (names and lawful bases of purposes) is sealed under the front key. MAC under the front key.
CREATE TABLE withdrawals (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    record_id BINARY(16) NOT NULL,
    draft INT UNSIGNED NOT NULL,
    choices BLOB NOT NULL,
    way VARCHAR(16) CHARACTER SET ascii NOT NULL,
    actor_id BINARY(16) NULL,
    at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY withdrawals_record_id (record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
