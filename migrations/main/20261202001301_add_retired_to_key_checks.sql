-- That nothing is to be wrapped by this version any more, sealed under it: a host whose key file is behind reads it, and takes nobody in.
ALTER TABLE key_checks ADD COLUMN retired VARBINARY(256) NULL AFTER cell;
