-- How many rows there were in each table that rows are only added to, up to a number or a time, with a hash of them all. MAC under the application key.
CREATE TABLE row_counts (
    name VARCHAR(64) CHARACTER SET ascii NOT NULL,
    until BIGINT UNSIGNED NOT NULL,
    counted BIGINT UNSIGNED NOT NULL,
    digest BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
