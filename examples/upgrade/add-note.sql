-- A column at the end and an index: members with them go on replicating from a primary without them.
ALTER TABLE app.orders ADD COLUMN note VARCHAR(100) NULL;
CREATE INDEX customer ON app.orders (customer);
