DROP TABLE listing_reasons;
