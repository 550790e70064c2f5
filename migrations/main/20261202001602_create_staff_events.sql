-- One step of an account of staff, or a refusal; only ever added to (docs/STAFF.md). `revision` is the account's after a change, `nonce` makes
-- two that say the same in the same millisecond two.
CREATE TABLE staff_events (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    staff_id BINARY(16) NULL,
    actor_id BINARY(16) NULL,
    app VARCHAR(16) CHARACTER SET ascii NULL,
    role VARCHAR(32) CHARACTER SET ascii NULL,
    page VARCHAR(128) CHARACTER SET ascii NULL,
    revision INT UNSIGNED NULL,
    nonce BINARY(16) NOT NULL,
    at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY staff_events_revision (staff_id, revision),
    KEY staff_events_kind (kind, staff_id),
    KEY staff_events_actor (actor_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
