-- Pictures that all products of a group show behind their own: a size chart, a packet.
ALTER TABLE product_groups ADD COLUMN images JSON NOT NULL DEFAULT '[]';
