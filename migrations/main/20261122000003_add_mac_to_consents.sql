-- MAC under the front key, over every other column: it binds when and by which link the consent came, which neither the owner's signature nor a cell covers.
ALTER TABLE consents ADD COLUMN mac VARBINARY(36) NOT NULL;
