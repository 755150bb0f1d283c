//! Every SQL statement about images.

mod addresses;
mod claims;
mod images;
mod named;
mod renditions;

pub use addresses::{
    AddressRow, Registered, address_counts, addresses_again, addresses_page, addresses_refused_again, products_images,
    products_of_images, products_showing, register,
};
pub use claims::{Claimed, Outcome, Room, addresses_claim, addresses_due, addresses_hold, addresses_settle};
pub use images::{
    Examined, ImageRow, Looks, alike, image, image_delete, image_examined, image_insert, image_known, image_mark,
    image_references, images_not_ready, images_not_ready_again, images_page, images_ready, images_same_as, missing_images,
};
pub use named::{Named, products_of_marks, products_of_skus};
pub use renditions::{
    ImageFiles, RenditionRow, files_count, files_known, image_files, rendition, rendition_forget, rendition_insert, renditions_of,
};
