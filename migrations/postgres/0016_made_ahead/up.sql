-- For which wishes, by their key, what is made ahead of an image has been made.
ALTER TABLE images ADD COLUMN made_for TEXT COLLATE "C";
CREATE INDEX images_made_for ON images (made_for);
