-- Failed sign-ins per account within a window, so that a restart does not reset the limit.
CREATE TABLE sign_in_attempts (
    bucket BINARY(32) NOT NULL,
    window_started_at BIGINT UNSIGNED NOT NULL,
    failures INT UNSIGNED NOT NULL,
    PRIMARY KEY (bucket)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
