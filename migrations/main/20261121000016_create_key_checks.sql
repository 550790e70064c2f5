-- A known value sealed under each application and front key: tells wrong keys from tampered data.
CREATE TABLE key_checks (
    ring VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    version INT UNSIGNED NOT NULL,
    cell VARBINARY(256) NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (ring, version)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
