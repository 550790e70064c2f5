-- Until when each anchored record may be kept (docs/RETENTION.md). `due_at` is none where nobody can tell; `basis` is a hash of what it was reckoned from; `prolongations` is a cell. MAC under the application key.
CREATE TABLE retentions (
    record_id BINARY(16) NOT NULL,
    due_at BIGINT UNSIGNED NULL,
    basis BINARY(32) NOT NULL,
    prolongations BLOB NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (record_id),
    KEY retentions_due_at (due_at, record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
