ALTER TABLE product_groups DROP COLUMN images;
