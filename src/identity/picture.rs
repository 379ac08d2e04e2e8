//! A person's picture: a square of 256 pixels, sealed. What is uploaded is decoded within limits and encoded anew, so that neither the place
//! where it was taken (EXIF) nor anything hidden in the file is kept or served.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};
use tokio::sync::Semaphore;

use super::{profile, session::Live, sql::own as sql};
use crate::{
    app::App,
    db::seal::{Place, Sealed},
    error::{Error, Result},
    types::ids::UserId,
};

/// Bytes of an upload.
pub(super) const LARGEST: usize = 5 * 1024 * 1024;
/// Of the sides of what is kept.
const SIDE: u32 = 256;
/// A phone's 48 million are fine; a bomb that unfolds to a billion is not.
const PIXELS: u64 = 50_000_000;
const MEMORY: u64 = 256 * 1024 * 1024;
const QUALITY: u8 = 86;

/// Unfolding takes memory: one at a time.
struct Unfolding(Semaphore);

impl Default for Unfolding {
    fn default() -> Self {
        Self(Semaphore::new(1))
    }
}

/// Sets one's own picture; gives its version. 422 `picture_unreadable`, `picture_too_large`.
pub(super) async fn set(app: &App, live: &Live, upload: Vec<u8>) -> Result<i32> {
    let turn = app.kept::<Unfolding>();
    let _turn = turn.0.acquire().await.map_err(Error::internal)?;
    let square = tokio::task::spawn_blocking(move || square(&upload)).await.map_err(Error::internal)??;
    put(app, live, Some(square)).await
}

/// Takes one's picture away: initials again.
pub(super) async fn remove(app: &App, live: &Live) -> Result<i32> {
    put(app, live, None).await
}

async fn put(app: &App, live: &Live, image: Option<Vec<u8>>) -> Result<i32> {
    let user = live.user;
    let (version, organizations) = app
        .db
        .directory(async |directory| {
            let sealed = match image {
                Some(image) => Some(directory.vault().seal(place(user), &image).map_err(Error::internal)?),
                None => None,
            };
            let version = sql::put_picture(directory, user, sealed.as_ref()).await?;
            Ok((version, profile::changed(directory, live, "picture").await?))
        })
        .await?;
    profile::tell(app, user, organizations).await?;
    Ok(version)
}

/// A JPEG, for the person and their colleagues. 404 for anybody else, and for a version that is not the current one.
pub(super) async fn get(app: &App, viewer: UserId, user: UserId, version: i32) -> Result<Vec<u8>> {
    app.db
        .directory(async |directory| {
            let sealed: Sealed = sql::picture(directory, viewer, user, version).await?.ok_or(Error::NotFound)?;
            directory.vault().open(place(user), &sealed).map_err(Error::internal)
        })
        .await
}

fn place(user: UserId) -> Place {
    Place { table: "pictures", column: "image", row: user.0 }
}

/// Where the picture of this version is.
pub(super) fn path(user: UserId, version: i32) -> String {
    format!("/api/people/{user}/picture/{version}")
}

fn square(upload: &[u8]) -> Result<Vec<u8>> {
    let unreadable = || Error::invalid("body", "picture_unreadable", "A JPEG, PNG or WebP picture, please.");
    let mut reader = ImageReader::new(Cursor::new(upload)).with_guessed_format().map_err(|_| unreadable())?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(unreadable());
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| unreadable())?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS {
        return Err(Error::invalid("body", "picture_too_large", "A picture of at most 50 megapixels."));
    }
    let orientation = decoder.orientation().map_err(|_| unreadable())?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| unreadable())?;
    picture.apply_orientation(orientation);
    let square = on_white(&picture.resize_to_fill(SIDE, SIDE, FilterType::Triangle));
    let mut encoded = Vec::new();
    JpegEncoder::new_with_quality(&mut encoded, QUALITY).encode_image(&square).map_err(Error::internal)?;
    Ok(encoded)
}

/// JPEG knows no transparency; without a ground it would be black.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let blend = |colour: u8| {
            let mixed = (u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha))) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Rgb([blend(red), blend(green), blend(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, pixel: [u8; 4]) -> Vec<u8> {
        let picture = image::RgbaImage::from_pixel(width, height, image::Rgba(pixel));
        let mut encoded = Vec::new();
        picture.write_to(&mut Cursor::new(&mut encoded), ImageFormat::Png).expect("encodes");
        encoded
    }

    fn reason(error: &Error) -> &'static str {
        match error {
            Error::Invalid { reason, .. } => reason,
            _ => "other",
        }
    }

    #[test]
    fn whatever_comes_leaves_as_a_small_square() {
        for (width, height) in [(1, 1), (640, 480), (300, 4000)] {
            let kept = square(&png(width, height, [200, 30, 30, 255])).expect("a picture");
            let read = image::load_from_memory_with_format(&kept, ImageFormat::Jpeg).expect("a JPEG");
            assert_eq!((read.width(), read.height()), (SIDE, SIDE));
        }
        let clear = square(&png(10, 10, [0, 0, 0, 0])).expect("a picture");
        let read = image::load_from_memory(&clear).expect("a JPEG").to_rgb8();
        assert!(read.get_pixel(5, 5).0.iter().all(|colour| *colour > 250), "what is clear is white, not black");
    }

    #[test]
    fn what_is_no_picture_or_a_bomb_is_refused() {
        for bad in [&b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], b"GIF89a", b"", &png(20, 20, [1; 4])[..40]] {
            assert_eq!(reason(&square(bad).expect_err("refused")), "picture_unreadable");
        }
        // A PNG that says it is 60000 x 60000: the header is enough to refuse it.
        let mut bomb = png(1, 1, [1; 4]);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let crc = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(reason(&square(&bomb).expect_err("refused")), "picture_too_large");
    }

    /// Of a PNG's chunk (ISO 3309), for the header that is forged above.
    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    }

    #[test]
    fn a_phone_held_sideways_is_turned_and_its_place_forgotten() {
        // Left half black, right half white, and an EXIF that says: turn it by 90 degrees.
        let wide = RgbImage::from_fn(64, 64, |x, _| if x < 32 { Rgb([0; 3]) } else { Rgb([255; 3]) });
        let mut encoded = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut encoded, 95);
        let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        image::ImageEncoder::set_exif_metadata(&mut encoder, exif).expect("takes it");
        encoder.encode_image(&wide).expect("encodes");
        assert!(encoded.windows(4).any(|bytes| bytes == b"Exif"));
        let kept = square(&encoded).expect("a picture");
        assert!(!kept.windows(4).any(|bytes| bytes == b"Exif"));
        let read = image::load_from_memory(&kept).expect("a JPEG").to_rgb8();
        assert!(read.get_pixel(128, 20).0[0] < 60 && read.get_pixel(128, 236).0[0] > 200, "top black, bottom white");
    }
}
