-- What the version to be signed follows: UID and anchored proof, sealed under the owner's key; none for a first version.
ALTER TABLE consent_links ADD COLUMN predecessor VARBINARY(512) NULL AFTER desk_code;
