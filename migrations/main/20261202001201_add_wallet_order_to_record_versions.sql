-- The authority's order by which a version has another wallet than the one before, sealed under the owner's key (docs/LOST_WALLET.md); none where the wallet is the same.
ALTER TABLE record_versions ADD COLUMN wallet_order MEDIUMBLOB NULL;
