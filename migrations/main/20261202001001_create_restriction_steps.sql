-- Steps of owners' requests to have their record restricted, and of their objections (docs/RESTRICTION.md); only ever added to. `content` (ground and purposes) is sealed under the front key, `note` is a cell under the owner's key; an erasure empties both. MAC under the front key.
CREATE TABLE restriction_steps (
    id BINARY(16) NOT NULL,
    request_id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    subject VARCHAR(16) CHARACTER SET ascii NOT NULL,
    step VARCHAR(16) CHARACTER SET ascii NOT NULL,
    way VARCHAR(16) CHARACTER SET ascii NULL,
    identity VARCHAR(16) CHARACTER SET ascii NULL,
    actor_id BINARY(16) NULL,
    at BIGINT UNSIGNED NOT NULL,
    due_at BIGINT UNSIGNED NULL,
    content BLOB NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    note BLOB NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY restriction_steps_step (request_id, step),
    KEY restriction_steps_record_id (record_id),
    KEY restriction_steps_due_at (step, due_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
