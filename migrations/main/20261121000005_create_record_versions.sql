-- One state of a record. Every column but the numbers is a sealed cell (docs/SEALING.md); `anchor` binds UID, timestamp, transaction, block and leaves.
CREATE TABLE record_versions (
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    name VARBINARY(2048) NOT NULL,
    email VARBINARY(2048) NOT NULL,
    phone VARBINARY(2048) NOT NULL,
    age VARBINARY(2048) NOT NULL,
    address VARBINARY(4096) NOT NULL,
    wallet VARBINARY(2048) NOT NULL,
    relation VARBINARY(2048) NOT NULL,
    anchor BLOB NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (record_id, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
