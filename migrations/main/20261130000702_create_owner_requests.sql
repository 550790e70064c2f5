-- An owner without a link asks to be let in. `content` (code, address, choices, wish) is sealed under the front key and wiped in the end. MAC under the front key.
CREATE TABLE owner_requests (
    id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    state VARCHAR(8) CHARACTER SET ascii NOT NULL,
    content BLOB NULL,
    asked_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY owner_requests_record_id (record_id, asked_at),
    KEY owner_requests_state (state, asked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
