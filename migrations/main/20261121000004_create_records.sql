-- One data owner's record. `uid` is set once the anchor is final. `submission` is the entry form's one-time token: a form sent twice enters one record. MAC under the front key, since consent-dapp moves the state.
CREATE TABLE records (
    id BINARY(16) NOT NULL,
    uid BIGINT UNSIGNED NULL,
    state VARCHAR(24) CHARACTER SET ascii NOT NULL,
    version INT UNSIGNED NOT NULL,
    draft INT UNSIGNED NOT NULL,
    wallet_index BINARY(32) NOT NULL,
    email_index BINARY(32) NOT NULL,
    submission BINARY(16) NOT NULL,
    created_by BINARY(16) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    updated_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY records_uid (uid),
    UNIQUE KEY records_submission (submission),
    KEY records_state (state, created_at),
    KEY records_created_at (created_at),
    KEY records_wallet_index (wallet_index),
    KEY records_email_index (email_index)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
