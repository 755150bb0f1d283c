//! Images: taken in safely, kept once, made right for every channel.
//!
//! A picture is kept by its bytes: its [`id`](image_id) is of them, so the same file is one image however often it is sent. Products do not
//! hold images, they hold addresses (or the id of an upload); what came of an address stands once, beside it, for every product that shows
//! it. So this room is a reader of the change log like the feeds are: [`follow`] sees which product shows which address, [`collect`] asks
//! for those that nobody has asked for yet, [`intake`] examines and keeps what comes, and a product whose picture came in or turned out
//! unusable is told of in the log. [`rendition`] makes what a channel asks for, [`ahead`] before it asks. [`batch`] takes many files at
//! once, from a folder or a zip ([`packed`]), and attaches each to the product that its name means ([`naming`]).

pub mod ahead;
pub mod api;
pub mod batch;
pub mod collect;
pub mod fetch;
pub mod follow;
pub mod intake;
pub mod keep;
pub mod link;
pub mod lists;
pub mod naming;
pub mod packed;
pub mod picture;
pub mod queries;
pub mod reexamine;
pub mod rendition;
pub mod said;
pub mod work;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of an id: 128 bits, which nobody guesses and no two share.
const ID_DIGITS: usize = 32;

/// The id of the image with these bytes, of their SHA-256 in hexadecimal digits.
pub fn image_id(sha256: &str) -> String {
    sha256.chars().take(ID_DIGITS).collect()
}

/// The id of an address.
pub fn address_id(address: &str) -> String {
    image_id(&hex::encode(Sha256::digest(address)))
}

/// The host of an address, empty of what is none; of an upload there is none.
pub fn host_of(address: &str) -> String {
    let url = reqwest::Url::parse(address).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
}

/// What came of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImageAddressState)]
pub enum AddressState {
    /// It is to be asked, or asked again.
    Waiting,
    /// A picture came and is kept.
    Ready,
    /// What came is no picture that can be used, or nothing will ever come.
    Failed,
    /// Its host could not be reached however often it was tried. It is tried again every day; products keep the address meanwhile.
    Unreached,
}

impl AddressState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Ready, Self::Failed, Self::Unreached];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Failed => "failed",
            Self::Unreached => "unreached",
        }
    }

    /// The state of this stored name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}
