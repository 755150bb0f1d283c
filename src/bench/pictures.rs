//! Pictures: what one costs from its bytes to facts, hash and three renditions, held against libvips; and what many of them cost a feed.

use super::floor::{Job, Told};
use super::process::{Measured, run};
use super::queries::attach_pictures;
use super::{Bench, Figure, channels, memory};
use crate::app::App;
use crate::channels::follow::catch_up as judged;
use crate::channels::publish::{self, publish};
use crate::error::{Code, Error, Result};
use crate::generate::photographs::{Lamp, lamp, scene};
use crate::media::follow;
use crate::media::picture::{Format, Spec, examine_and_render};
use crate::media::work::PictureWork;
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// The channel whose feed is made.
const FEED: &str = "google";
/// The three renditions: the longer side in pixels, and the format.
const RENDITIONS: [(u32, Format); 3] = [(1_600, Format::Jpeg), (800, Format::Jpeg), (200, Format::Webp)];
/// Pixels of the photographs, in turn: of people's cameras and of shops.
const SIZES: [(u32, u32); 3] = [(3_000, 2_000), (2_000, 2_000), (1_600, 1_200)];
/// Every so many is a lamp on white, the others are scenes.
const LAMPS: u64 = 3;
/// What files of photographs are called that are brought.
const ENDINGS: [&str; 5] = ["jpg", "jpeg", "png", "tif", "tiff"];
/// Photographs that are enough to see how much memory the work takes.
const FEW: usize = 10;

/// Photographs to be worked on.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Photographs {
    folder: PathBuf,
    processors: usize,
    count: usize,
}

/// Does the work on each, and keeps what comes out.
pub(super) async fn work(of: &Photographs, app: &App) -> Result<Told> {
    let specs: Arc<Vec<Spec>> = Arc::new(RENDITIONS.iter().map(|(side, format)| Spec::inside(*format, *side, *side)).collect());
    let out = tempfile::tempdir()?;
    let seats = PictureWork::on(of.processors);
    let began = Instant::now();
    let mut all = JoinSet::new();
    for file in files(&of.folder)?.into_iter().take(of.count) {
        let (specs, seats, dictionary) = (Arc::clone(&specs), seats.clone(), Arc::clone(&app.dictionary));
        let out = out.path().join(file.file_name().unwrap_or_default());
        all.spawn(async move {
            let work = move || -> Result<()> {
                let bytes = std::fs::read(&file)?;
                let (facts, made) = examine_and_render(&bytes, &specs, dictionary.pictures())
                    .map_err(|refusal| Error::internal(format!("{} was refused: {}", file.display(), refusal.message)))?;
                std::hint::black_box(facts);
                for (rendition, at) in made.iter().zip(1..) {
                    std::fs::write(out.with_extension(format!("{at}.{}", rendition.format)), &rendition.bytes)?;
                }
                Ok(())
            };
            seats.run(work).await?
        });
    }
    while let Some(done) = all.join_next().await {
        done.map_err(Error::internal)??;
    }
    Ok(Told { seconds: began.elapsed().as_secs_f64(), ..Told::default() })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// Brings the photographs of a folder, and of those in it, by name; how many there were, at most so many.
fn bring(from: &Path, folder: &Path, most: usize) -> Result<usize> {
    let (mut found, mut open) = (Vec::new(), vec![from.to_owned()]);
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next)? {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, entry.path());
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() && ENDINGS.contains(&ending.as_str()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.truncate(most);
    for (number, file) in found.iter().enumerate() {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        std::fs::copy(file, folder.join(format!("{number:05}-{name}")))?;
    }
    Ok(found.len())
}

/// Draws photographs of these numbers; the same ones every time.
fn draw(folder: &Path, numbers: std::ops::Range<usize>) -> Result<()> {
    (numbers.start as u64..numbers.end as u64).into_par_iter().try_for_each(|number| {
        let (width, height) = SIZES.into_iter().cycle().nth((number % 3) as usize).unwrap_or((1_600, 1_200));
        let drawn = if number % LAMPS == 1 { lamp(&Lamp::new(number), width, height, 0.9) } else { scene(number, width, height) };
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&drawn).map_err(Error::internal)?;
        std::fs::write(folder.join(format!("{number:05}.jpg")), bytes).map_err(Error::from)
    })
}

/// The same renditions by libvips, on one processor; none when it is not installed.
fn libvips(folder: &Path) -> Result<Option<Measured>> {
    if Command::new("vipsthumbnail").arg("--version").output().is_err() {
        return Ok(None);
    }
    let out = tempfile::tempdir()?;
    let mut all = Measured { processor: Some(0.0), ..Measured::default() };
    for (side, format) in RENDITIONS {
        let ending = if format == Format::Jpeg { "jpg[Q=85,optimize_coding,interlace,strip]" } else { "webp[Q=85,strip]" };
        let mut command = Command::new("vipsthumbnail");
        command.env("VIPS_CONCURRENCY", "1").args(["--size", &format!("{side}x{side}>")]);
        command.arg("--output").arg(out.path().join(format!("%s.{side}.{ending}"))).args(files(folder)?);
        let one = run(command)?;
        all.seconds += one.seconds;
        all.processor = all.processor.zip(one.processor).map(|(sum, more)| sum + more);
    }
    Ok(Some(all))
}

/// As if every address that a product shows had been fetched: an image each, no two of them the same.
pub(super) async fn attach(app: &App) -> Result<Told> {
    follow::catch_up(app).await?;
    let now = app.clock.now();
    let attached = app.db.write(move |conn| attach_pictures(conn, now)).await?;
    if attached == 0 {
        return Err(Error::internal("no product shows a picture"));
    }
    Ok(Told::default())
}

/// Judges every listing of a channel anew, whose seconds are the sample, and publishes its full feed.
pub(super) async fn feed(app: &App) -> Result<Told> {
    channels::set_up(app, vec![app.channels.get(FEED)?]).await?;
    let began = Instant::now();
    judged(app).await?;
    let samples = vec![began.elapsed().as_secs_f64()];
    let began = Instant::now();
    let full = publish(app, FEED, &publish::Options { force: true, ..publish::Options::default() }).await?;
    if full.state != "published" {
        return Err(Error::new(Code::Internal, format!("nothing stands at {FEED}: {:?}", full.detail)));
    }
    Ok(Told { seconds: began.elapsed().as_secs_f64(), samples, ..Told::default() })
}

impl Bench<'_> {
    pub(super) fn pictures(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Picture, Figure::PictureCores, Figure::PictureMemory]) {
            return Ok(());
        }
        let count = self.lab.options.photographs.max(1);
        let house = self.lab.house("pictures")?;
        let folder = house.data.join("photographs");
        std::fs::create_dir_all(&folder)?;
        let brought = match &self.lab.options.photographs_from {
            Some(from) => {
                let brought = bring(from, &folder, count)?;
                if brought == 0 {
                    let detail = format!("{} holds no photographs ({})", from.display(), ENDINGS.join(", "));
                    return Err(Error::new(Code::Invalid, detail));
                }
                brought
            }
            None => 0,
        };
        (self.tell)(&format!("{brought} photographs brought, {} drawn", count - brought));
        draw(&folder, brought..count)?;
        (self.tell)("three renditions of each, on one processor");
        let on = |processors: usize, count: usize| Job::Pictures(Photographs { folder: folder.clone(), processors, count });
        let (alone, process) = self.lab.floor(&house, &on(1, count))?;
        self.each("beamline", &process, count);
        if self.wants(&[Figure::Picture]) {
            (self.tell)("the same by libvips");
            match libvips(&folder)? {
                Some(peer) => {
                    self.each("libvips", &peer, count);
                    let cost = |of: &Measured| of.processor.map(|seconds| seconds / per(count) * 1_000.0);
                    let (own, floor) = (memory(cost(&process))?, memory(cost(&peer))?);
                    self.line(Figure::Picture, own, floor)?;
                }
                None => (self.tell)("libvips is not here (Debian's libvips-tools), so there is nothing to hold pictures against"),
            }
        }
        if self.wants(&[Figure::PictureCores]) {
            let all = std::thread::available_parallelism().map_or(1, usize::from);
            (self.tell)(&format!("the same on {all} processors"));
            let (together, _) = self.lab.floor(&house, &on(all, count))?;
            self.line(Figure::PictureCores, per(count) / together.seconds, per(count) / alone.seconds)?;
        }
        if self.wants(&[Figure::PictureMemory]) {
            let (_, few) = self.lab.floor(&house, &on(1, FEW.min(count)))?;
            self.line(Figure::PictureMemory, memory(process.mebibytes)?, memory(few.mebibytes)?)?;
        }
        Ok(())
    }

    fn each(&self, who: &str, done: &Measured, count: usize) {
        let processor = done.processor.unwrap_or_default() / per(count) * 1_000.0;
        (self.tell)(&format!(
            "{who}: {:.0} ms a photograph, {processor:.0} ms of a processor",
            done.seconds / per(count) * 1_000.0
        ));
    }

    pub(super) fn feed_pictures(&mut self) -> Result<()> {
        if !self.wants(&[Figure::FeedPictures]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("google's listings and feed without pictures that are kept, and with");
        // The first time is of a cold machine, and of listings that are new.
        self.lab.floor(&catalogue.house, &Job::FeedPictures)?;
        let (without, _) = self.lab.floor(&catalogue.house, &Job::FeedPictures)?;
        self.lab.floor(&catalogue.house, &Job::Attach)?;
        let (with, _) = self.lab.floor(&catalogue.house, &Job::FeedPictures)?;
        for (which, told) in [("without", &without), ("with", &with)] {
            let judged = told.samples.iter().sum::<f64>();
            (self.tell)(&format!("{which}: judged in {judged:.2} s, published in {:.2} s", told.seconds));
        }
        self.line(Figure::FeedPictures, with.seconds, without.seconds)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of photographs")]
fn per(count: usize) -> f64 {
    count as f64
}
