-- How many subjects have each verdict, and the SHA-256 of the exceptions, which the MAC binds in their place: who only counts need not read them.
ALTER TABLE sweep_parts
    ADD COLUMN verdicts VARBINARY(255) NOT NULL AFTER exceptions,
    ADD COLUMN exceptions_hash BINARY(32) NOT NULL AFTER verdicts;
