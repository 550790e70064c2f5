-- A breach being handled. One incident gathers what was found together. MAC under the application key.
CREATE TABLE incidents (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    state VARCHAR(16) CHARACTER SET ascii NOT NULL,
    source VARCHAR(8) CHARACTER SET ascii NOT NULL,
    detected_at BIGINT UNSIGNED NOT NULL,
    aware_at BIGINT UNSIGNED NOT NULL,
    closed_at BIGINT UNSIGNED NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY incidents_state (state, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
