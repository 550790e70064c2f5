-- The history of a record: what happened, when, by whom; no personal data. MAC under the front key.
CREATE TABLE record_events (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    record_id BINARY(16) NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    actor_kind VARCHAR(8) CHARACTER SET ascii NOT NULL,
    actor_id BINARY(16) NULL,
    at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY record_events_record_id (record_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
