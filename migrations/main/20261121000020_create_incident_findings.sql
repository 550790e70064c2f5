-- One record at fault within an incident. `found_row` is the sealed row as it was found, sealed once more under the application key. MAC under the application key.
CREATE TABLE incident_findings (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    incident_id BIGINT UNSIGNED NOT NULL,
    subject BINARY(16) NOT NULL,
    uid BIGINT UNSIGNED NULL,
    record_id BINARY(16) NULL,
    verdict VARCHAR(24) CHARACTER SET ascii NOT NULL,
    fields VARCHAR(255) CHARACTER SET ascii NOT NULL,
    proof_expected BINARY(32) NULL,
    proof_found BINARY(32) NULL,
    found_row MEDIUMBLOB NULL,
    found_at BIGINT UNSIGNED NOT NULL,
    resolved_at BIGINT UNSIGNED NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (id),
    KEY incident_findings_incident_id (incident_id, id),
    KEY incident_findings_subject (subject, resolved_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
