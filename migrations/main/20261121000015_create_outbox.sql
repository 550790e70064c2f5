-- Mail to be sent, written in the transaction of what it tells. `event_key` is unique: one mail for one event. Recipient and payload are sealed under the front key and wiped once sent.
CREATE TABLE outbox (
    id BINARY(16) NOT NULL,
    event_key BINARY(32) NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    recipient VARBINARY(1024) NULL,
    payload BLOB NULL,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    attempts INT UNSIGNED NOT NULL,
    next_attempt_at BIGINT UNSIGNED NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    sent_at BIGINT UNSIGNED NULL,
    problem VARCHAR(64) CHARACTER SET ascii NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY outbox_event_key (event_key),
    KEY outbox_due (state, next_attempt_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
