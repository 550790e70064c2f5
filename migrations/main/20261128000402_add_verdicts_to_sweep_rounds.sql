-- How many subjects had each verdict: a byte of the verdict and eight of the number, for each that occurs.
ALTER TABLE sweep_rounds ADD COLUMN verdicts VARBINARY(255) NOT NULL AFTER bad;
