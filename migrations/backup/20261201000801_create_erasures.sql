-- Copies of the erasures that were granted, as they were then (docs/ERASURE.md): only added to. More than one of a request where granting it was broken off. A dump of the main database that is older than the decision lacks the row.
CREATE TABLE erasures (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    uid BIGINT UNSIGNED NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    way VARCHAR(16) CHARACTER SET ascii NOT NULL,
    identity VARCHAR(16) CHARACTER SET ascii NULL,
    asked_at BIGINT UNSIGNED NOT NULL,
    due_at BIGINT UNSIGNED NOT NULL,
    decided_by BINARY(16) NULL,
    decided_at BIGINT UNSIGNED NULL,
    content BLOB NULL,
    destroyed_at BIGINT UNSIGNED NULL,
    key_version INT UNSIGNED NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id, mac),
    KEY erasures_record_id (record_id),
    KEY erasures_uid (uid),
    KEY erasures_state (state, due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
