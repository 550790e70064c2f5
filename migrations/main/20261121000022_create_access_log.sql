-- Who looked at whose details in clear. MAC under the application key.
CREATE TABLE access_log (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    staff_id BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    app VARCHAR(16) CHARACTER SET ascii NOT NULL,
    action VARCHAR(32) CHARACTER SET ascii NOT NULL,
    at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY access_log_record_id (record_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
