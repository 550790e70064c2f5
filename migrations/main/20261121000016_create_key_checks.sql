-- A known value sealed under each application key: tells wrong keys from tampered data.
CREATE TABLE key_checks (
    app_key_version INT UNSIGNED NOT NULL,
    cell VARBINARY(256) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (app_key_version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
