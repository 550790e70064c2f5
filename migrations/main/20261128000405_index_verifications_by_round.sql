-- What a finished part tells anyway need not be read again to count: only verdicts of other rounds, of buttons and of the watch are.
ALTER TABLE verifications ADD KEY verifications_round (round_id, uid);
