-- Parts of rounds that are no more.
TRUNCATE TABLE sweep_parts;
