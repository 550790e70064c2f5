-- On which ground of GDPR Art. 18(2) somebody looked at a record that was restricted. None of a look that needed none.
ALTER TABLE access_log ADD COLUMN ground VARCHAR(32) CHARACTER SET ascii NULL;
