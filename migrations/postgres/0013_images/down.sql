DROP TABLE image_renditions;
DROP TABLE product_images;
DROP TABLE image_addresses;
DROP TABLE image_bands;
DROP TABLE images;
