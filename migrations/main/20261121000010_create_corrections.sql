-- An owner's wish to have details corrected before signing; the note is a sealed cell.
CREATE TABLE corrections (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    note BLOB NOT NULL,
    asked_at BIGINT UNSIGNED NOT NULL,
    resolved_at BIGINT UNSIGNED NULL,
    PRIMARY KEY (id),
    KEY corrections_record_id (record_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
