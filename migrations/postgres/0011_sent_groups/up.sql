-- The group that a listing was told in: when it leaves, the channel hears of that group's others without a look at every row.
ALTER TABLE listings ADD COLUMN sent_group TEXT;
UPDATE listings SET sent_group = (
    SELECT listing_rows.group_code FROM listing_rows JOIN products ON products.sku = listing_rows.sku
    WHERE products.id = listings.product_id AND listing_rows.channel = listings.channel
)
WHERE sent_hash IS NOT NULL;
