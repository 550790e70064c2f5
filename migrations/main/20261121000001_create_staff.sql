-- Accounts of controller staff. Login and display name are sealed under the application key; sign-in finds the row by a blind index.
CREATE TABLE staff (
    id BINARY(16) NOT NULL,
    login_index BINARY(32) NOT NULL,
    login VARBINARY(512) NOT NULL,
    display_name VARBINARY(512) NOT NULL,
    password_hash VARCHAR(255) CHARACTER SET ascii NOT NULL,
    role VARCHAR(32) CHARACTER SET ascii NOT NULL,
    disabled_at BIGINT UNSIGNED NULL,
    created_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY staff_login_index (login_index)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
