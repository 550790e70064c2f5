-- How far the watch has read the database server's binary log. `beat` is the number of times it was written: each must come back in the log. MAC under the application key.
CREATE TABLE watch_progress (
    reader VARCHAR(32) CHARACTER SET ascii NOT NULL,
    position TEXT CHARACTER SET ascii NOT NULL,
    beat BIGINT UNSIGNED NOT NULL,
    saved_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (reader)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
