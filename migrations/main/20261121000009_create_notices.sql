-- Texts of the information notice (GDPR Art. 13) by the SHA-256 that owners sign. Holds no personal data.
CREATE TABLE notices (
    hash BINARY(32) NOT NULL,
    text MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
