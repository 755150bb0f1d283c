-- What was wrong with the record that an offer is of: told again, without reading the record again, when the same record comes again.
ALTER TABLE offer_records ADD COLUMN issues TEXT;
