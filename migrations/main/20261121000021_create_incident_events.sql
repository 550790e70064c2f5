-- The time line of an incident; only ever added to. `detail` is sealed under the application key. MAC under the application key.
CREATE TABLE incident_events (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    incident_id BIGINT UNSIGNED NOT NULL,
    kind VARCHAR(32) CHARACTER SET ascii NOT NULL,
    actor_id BINARY(16) NULL,
    detail BLOB NULL,
    at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY incident_events_incident_id (incident_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
