-- Why staff did not correct what the owner asked them to, sealed under the owner's key.
ALTER TABLE corrections ADD COLUMN answer BLOB NULL AFTER note;
