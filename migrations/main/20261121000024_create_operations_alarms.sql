-- Why something can not be verified right now, or what else somebody must see to. That it was mailed stands in the outbox.
CREATE TABLE operations_alarms (
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    since BIGINT UNSIGNED NOT NULL,
    last_seen_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (kind)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
