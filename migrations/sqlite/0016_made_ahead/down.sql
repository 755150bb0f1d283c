DROP INDEX images_made_for;
ALTER TABLE images DROP COLUMN made_for;
