-- What the binary log tells of a transaction that touched a record at fault: statement, connection, rows before and after; `content` is sealed under the application key. `source_key` keeps one
-- transaction from being kept twice. MAC under the application key.
CREATE TABLE incident_evidence (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    incident_id BIGINT UNSIGNED NOT NULL,
    subject BINARY(16) NOT NULL,
    record_id BINARY(16) NOT NULL,
    source_key BINARY(32) NOT NULL,
    happened_at BIGINT UNSIGNED NOT NULL,
    content MEDIUMBLOB NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY incident_evidence_source (incident_id, subject, source_key),
    KEY incident_evidence_record_id (record_id, id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
