//! The formats that a picture may come and go in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A format that is read. Renditions are made in the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// JFIF and Exif files (ITU-T T.81), baseline and progressive.
    Jpeg,
    /// Portable Network Graphics, third edition; of an animated one the first picture.
    Png,
    /// WebP (RFC 9649), lossy and lossless; of an animated one the first frame.
    Webp,
    /// GIF 87a and 89a, the first frame.
    Gif,
    /// TIFF 6.0 and `BigTIFF`, the first page.
    Tiff,
    /// Windows bitmap.
    Bmp,
}

impl Format {
    /// Every format, in the order of the type.
    pub const ALL: [Self; 6] = [Self::Jpeg, Self::Png, Self::Webp, Self::Gif, Self::Tiff, Self::Bmp];

    /// Its code in the API, in data and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Webp => "webp",
            Self::Gif => "gif",
            Self::Tiff => "tiff",
            Self::Bmp => "bmp",
        }
    }

    /// The format of a code; file extensions are no codes.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == code)
    }

    /// The extension of a file's name, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Tiff => "tif",
            other => other.as_str(),
        }
    }

    /// The media type as registered with IANA.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
        }
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Webp => "WebP",
            Self::Gif => "GIF",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
        })
    }
}
