-- Rounds of before say less than their MAC binds from now on. They are looked at by people only; the next one stands within minutes.
TRUNCATE TABLE sweep_rounds;
