//! Every SQL statement about images.

mod addresses;
mod images;
mod named;
mod renditions;

pub use addresses::{
    AddressRow, Claimed, Outcome, Registered, address_counts, address_is_due, addresses_again, addresses_claim,
    addresses_of_image, addresses_page, addresses_settle, products_images, products_showing, register,
};
pub use images::{
    ImageRow, alike, image, image_delete, image_insert, image_known, image_mark, image_references, images_page, images_same_as,
    missing_images,
};
pub use named::{Named, products_of_marks, products_of_skus};
pub use renditions::{
    ImageFiles, RenditionRow, files_known, image_files, rendition, rendition_forget, rendition_insert, renditions_of,
};
