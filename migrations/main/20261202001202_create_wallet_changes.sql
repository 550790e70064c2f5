-- That the owner of a record lost their wallet, and how far the change to another one has come (docs/LOST_WALLET.md). `content` is a cell of the owner's key at `version` and `draft`, emptied when it ends. MAC under the application key.
CREATE TABLE wallet_changes (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    content MEDIUMBLOB NOT NULL,
    identity VARCHAR(16) CHARACTER SET ascii NOT NULL,
    asked_by BINARY(16) NOT NULL,
    asked_at BIGINT UNSIGNED NOT NULL,
    confirmed_identity VARCHAR(16) CHARACTER SET ascii NULL,
    confirmed_by BINARY(16) NULL,
    confirmed_at BIGINT UNSIGNED NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY wallet_changes_record_id (record_id, asked_at),
    KEY wallet_changes_state (state)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
