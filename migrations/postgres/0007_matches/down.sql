DROP TABLE match_keys;
DROP TABLE match_cases;
DROP TABLE offer_homes;
DROP INDEX products_merged_into;
ALTER TABLE products DROP COLUMN merged_into;
