-- What a round is, so that several workers can share it: who may join, the final block that it began at, and the last UID given by then (zero when there was none).
ALTER TABLE sweep_rounds
    ADD COLUMN kind VARCHAR(8) CHARACTER SET ascii NOT NULL AFTER id,
    ADD COLUMN block_number BIGINT UNSIGNED NOT NULL AFTER kind,
    ADD COLUMN block_hash BINARY(32) NOT NULL AFTER block_number,
    ADD COLUMN last_uid BIGINT UNSIGNED NOT NULL AFTER block_hash;
