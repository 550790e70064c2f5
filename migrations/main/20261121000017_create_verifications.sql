-- The newest result for each subject: a UID of the chain (8 zero bytes and the UID) or a row that the chain does not know (its record id). MAC under the application key.
CREATE TABLE verifications (
    subject BINARY(16) NOT NULL,
    uid BIGINT UNSIGNED NULL,
    record_id BINARY(16) NULL,
    verdict VARCHAR(24) CHARACTER SET ascii NOT NULL,
    fields VARCHAR(255) CHARACTER SET ascii NOT NULL,
    proof_expected BINARY(32) NULL,
    proof_found BINARY(32) NULL,
    source VARCHAR(8) CHARACTER SET ascii NOT NULL,
    round_id BIGINT UNSIGNED NULL,
    checked_at BIGINT UNSIGNED NOT NULL,
    mac VARBINARY(36) NOT NULL,
    PRIMARY KEY (subject),
    KEY verifications_uid (uid),
    KEY verifications_record_id (record_id),
    KEY verifications_verdict (verdict, subject)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
