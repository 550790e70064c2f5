-- Who alone may do a piece of work right now (the anchoring job, a sweep). MAC under the application key.
CREATE TABLE leases (
    name VARCHAR(64) CHARACTER SET ascii NOT NULL,
    holder BINARY(16) NOT NULL,
    expires_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
