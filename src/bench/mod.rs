//! How fast Beamline is, told so that it means something on any machine: each figure with its floor, measured in the same run.
//!
//! The figures are of the real program: `beamline import`, `export`, `reindex` and `serve` run as processes of their own on files that
//! the generator made ([`crate::generate`]), and their time is wall time from start to end. A floor is the least that the same work
//! could take: the same CSV parsed and its rows put down as they are, the same documents given to a bare tantivy. A machine that is
//! twice as slow has a floor that is twice as high, so the ratio is what to look at; `docs/performance.md` says how to read each line.
//!
//! | file | |
//! |---|---|
//! | `lab` | the temporary folder, databases, and running the program |
//! | `process` | time and memory of a process |
//! | `floor`, `queries` | the floors |
//! | `channels` | judging listings, and what one edit costs |
//! | `pictures` | photographs and their renditions, and what pictures cost a feed |
//! | `matching` | how well offers of one product found each other |
//! | `served`, `client`, `search` | what is measured of a server |

mod channels;
mod client;
pub mod floor;
mod lab;
mod matching;
mod pictures;
mod process;
mod queries;
mod search;
mod served;
#[cfg(test)]
mod tests;

use crate::error::{Code, Error, Result};
use crate::generate::{Made, Rates};
use floor::{Job, Source};
use lab::{House, Lab, What};
use process::Measured;
use search::quantile;
use serde::Serialize;
use served::Server;
use std::path::PathBuf;
use std::str::FromStr;

macro_rules! figures {
    ($($(#[$doc:meta])+ $name:ident $word:literal $unit:literal $floor:literal;)+) => {
        /// A figure.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Figure { $($(#[$doc])+ $name,)+ }

        impl Figure {
            /// All of them, in the order in which they are measured.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its name on the command line and in its line.
            pub fn as_str(self) -> &'static str { match self { $(Self::$name => $word,)+ } }

            /// What its value and its floor are counted in.
            pub fn unit(self) -> &'static str { match self { $(Self::$name => $unit,)+ } }

            /// What it is held against.
            pub fn floor(self) -> &'static str { match self { $(Self::$name => $floor,)+ } }
        }
    };
}

figures! {
    /// Every supplier's catalogue taken in by `beamline import`, the index included.
    Import "import" "s" "parsing the same CSV and bulk-inserting its rows as JSON text with one index";
    /// Peak anonymous memory of these imports.
    ImportMemory "import_memory" "MiB" "the floor of import, as a process";
    /// What a row costs, against a catalogue of a tenth of the size.
    ImportPerRow "import_per_row" "us" "the same import of a tenth of the products";
    /// How well the offers of one product found each other: pairwise F1 against the generator's truth.
    Match "match" "F1" "products made of equal valid barcodes alone";
    /// The same catalogues again.
    ImportAgain "import_again" "s" "parsing the same CSV and reading the suppliers' stored keys and row hashes once";
    /// Every supplier's stock file with 1 % of the rows changed.
    Stock "stock" "s" "parsing the same CSV, reading the suppliers' levels once, and a bare upsert of the changed rows";
    /// The index built anew by `beamline reindex`.
    Reindex "reindex" "s" "feeding the same documents to a bare tantivy";
    /// The full Google feed by `beamline export`.
    Feed "feed" "s" "reading the same golden records and writing them out as they are";
    /// Searches over HTTP on one connection, mixed, with three facets: the median.
    SearchMedian "search_median" "ms" "the median of the same searches in process";
    /// Their 99th percentile.
    SearchP99 "search_p99" "ms" "the 99th percentile of the same searches in process";
    /// Peak anonymous memory of the server meanwhile.
    ServeMemory "serve_memory" "MiB" "a process that searches the same index and serves nothing";
    /// From starting `beamline serve` to its being ready.
    Start "start" "ms" "the same with an empty catalogue";
    /// From a person's write to a search that shows it, while a supplier's changed catalogue is imported: the 99th percentile.
    WriteVisible "write_visible_p99" "ms" "the same with no import running";
    /// Ten channels, every listing judged from scratch.
    Listings "listings" "s" "reading the same golden records once and writing them out as they are";
    /// From a product's edit until its ten listings are judged and a delta is published: the 99th percentile.
    OneChange "one_change_p99" "ms" "the edit alone";
    /// The full Google feed with every picture kept here, an address of ours each.
    FeedPictures "feed_pictures" "s" "the same with pictures that nobody has fetched yet";
    /// One photograph from its bytes to facts, hash and three renditions: processor time.
    Picture "picture" "ms" "libvips' vipsthumbnail making the same three renditions, without facts and hash";
    /// Photographs a second on all processors.
    PictureCores "picture_cores" "1/s" "the same on one processor";
    /// Peak anonymous memory of all photographs, one at a time.
    PictureMemory "picture_memory" "MiB" "the same of ten photographs";
}

impl FromStr for Figure {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        let known = || Self::ALL.iter().map(|figure| figure.as_str()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|figure| figure.as_str() == word).copied();
        found.ok_or_else(|| Error::new(Code::Invalid, format!("there is no figure '{word}'; there are: {}", known())))
    }
}

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Products of the catalogue; offers are about 3.33 times as many.
    pub products: u64,
    /// Photographs that renditions are made of.
    pub photographs: usize,
    /// A folder that they are taken from as far as it has some; the others are drawn.
    pub photographs_from: Option<PathBuf>,
    /// Which figures; empty for all.
    pub figures: Vec<Figure>,
    /// A PostgreSQL server, by the URL of any database on it; the bench makes its own beside it. None measures SQLite.
    pub server: Option<String>,
}

/// One figure as measured.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// Its name.
    pub figure: &'static str,
    /// As measured.
    pub value: f64,
    /// Of the value and the floor.
    pub unit: &'static str,
    /// What the value is held against.
    pub floor: &'static str,
    /// As measured in the same run.
    pub floor_value: f64,
    /// The value in floors.
    pub ratio: f64,
    /// Products of the catalogue.
    pub products: u64,
    /// `sqlite` or `postgres`.
    pub database: &'static str,
}

/// Measures, handing out each figure as soon as it is there. Blocks for as long as it takes.
///
/// `tell` hears what is being done, for people.
pub fn run(options: Options, tell: &dyn Fn(&str), emit: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    if options.products < 10 {
        return Err(Error::new(Code::Invalid, "--products is at least 10; a tenth of it is measured too"));
    }
    let mut bench = Bench { lab: Lab::open(options)?, tell, emit, catalogue: None };
    bench.import()?;
    bench.matched()?;
    bench.again()?;
    bench.stock()?;
    bench.reindex()?;
    bench.feed()?;
    bench.search()?;
    bench.start()?;
    bench.write_visible()?;
    bench.listings()?;
    bench.one_change()?;
    bench.feed_pictures()?;
    bench.pictures()
}

struct Bench<'a> {
    lab: Lab,
    tell: &'a dyn Fn(&str),
    emit: &'a mut dyn FnMut(Line) -> Result<()>,
    catalogue: Option<Catalogue>,
}

/// The files, and the house that they were imported into.
#[derive(Clone)]
struct Catalogue {
    made: Made,
    house: House,
    seconds: f64,
    mebibytes: Option<f64>,
}

impl Catalogue {
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    fn rows(&self) -> f64 {
        self.made.suppliers.iter().map(|files| files.rows).sum::<u64>() as f64
    }

    fn sources(&self, of: fn(&crate::generate::Files) -> Source) -> Vec<Source> {
        self.made.suppliers.iter().map(of).collect()
    }
}

/// Times that what takes milliseconds is done.
const TIMES: usize = 5;
/// Channels whose listings are judged.
const CHANNELS: usize = 10;
/// Writes with no import beside them.
const WRITES: usize = 100;

impl Bench<'_> {
    fn wants(&self, figures: &[Figure]) -> bool {
        let asked = &self.lab.options.figures;
        asked.is_empty() || asked.iter().any(|figure| figures.contains(figure))
    }

    fn line(&mut self, figure: Figure, value: f64, floor_value: f64) -> Result<()> {
        if !self.wants(&[figure]) {
            return Ok(());
        }
        // A floor of nothing would be a mistake of the bench; 0 shows it better than an infinity that JSON does not have.
        let ratio = if floor_value > 0.0 { value / floor_value } else { 0.0 };
        let database = if self.lab.options.server.is_some() { "postgres" } else { "sqlite" };
        let [value, floor_value, ratio] = [value, floor_value, ratio].map(|number| (number * 10_000.0).round() / 10_000.0);
        (self.emit)(Line {
            figure: figure.as_str(),
            value,
            unit: figure.unit(),
            floor: figure.floor(),
            floor_value,
            ratio,
            products: self.lab.options.products,
            database,
        })
    }

    /// Tells a person how it went. Processor time says something also where other work slows the clock's time down.
    fn took(&self, done: &Measured, rows: f64) {
        let processor =
            done.processor.map(|seconds| format!("; {seconds:.1} s of a processor, {:.0} us a row", seconds / rows * 1e6));
        let processor = processor.unwrap_or_default();
        (self.tell)(&format!("took {:.1} s, {:.0} rows/s{processor}", done.seconds, rows / done.seconds));
    }

    /// Makes files and imports them into a house of their own.
    fn imported(&mut self, name: &str, products: u64) -> Result<Catalogue> {
        (self.tell)(&format!("making the files of {products} products"));
        let made = self.lab.files(&format!("{name}-files"), products, Rates::observed()?)?;
        let house = self.lab.house(name)?;
        let currencies = made.suppliers.iter().map(|files| files.currency.clone()).collect();
        self.lab.floor(&house, &Job::Rates(currencies))?;
        let offers: u64 = made.suppliers.iter().map(|files| files.offers).sum();
        (self.tell)(&format!("importing {offers} offers of {products} products"));
        let done = self.lab.import(&house, &made, What::Catalog)?;
        let catalogue = Catalogue { made, house, seconds: done.seconds, mebibytes: done.mebibytes };
        self.took(&done, catalogue.rows());
        Ok(catalogue)
    }

    /// The catalogue that most figures are measured on, imported when the first of them needs it.
    fn catalogue(&mut self) -> Result<Catalogue> {
        if let Some(catalogue) = &self.catalogue {
            return Ok(catalogue.clone());
        }
        let catalogue = self.imported("house", self.lab.options.products)?;
        self.catalogue = Some(catalogue.clone());
        Ok(catalogue)
    }

    fn import(&mut self) -> Result<()> {
        if self.wants(&[Figure::Import, Figure::ImportMemory]) {
            let catalogue = self.catalogue()?;
            let house = self.lab.house("floor")?;
            (self.tell)("the floor of import");
            let (told, process) = self.lab.floor(&house, &Job::Import(catalogue.sources(Source::catalog)))?;
            self.line(Figure::Import, catalogue.seconds, told.seconds)?;
            self.line(Figure::ImportMemory, memory(catalogue.mebibytes)?, memory(process.mebibytes)?)?;
        }
        if self.wants(&[Figure::ImportPerRow]) {
            let catalogue = self.catalogue()?;
            let tenth = self.imported("tenth", self.lab.options.products / 10)?;
            let cost = |of: &Catalogue| of.seconds / of.rows() * 1_000_000.0;
            self.line(Figure::ImportPerRow, cost(&catalogue), cost(&tenth))?;
        }
        Ok(())
    }

    fn matched(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Match]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("products held against the truth");
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Match(catalogue.made.truth.clone()))?;
        let [found, plain] = told.samples[..] else { return Err(Error::internal("the quality of matching was not told")) };
        self.line(Figure::Match, found, plain)
    }

    fn again(&mut self) -> Result<()> {
        if !self.wants(&[Figure::ImportAgain]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("the same catalogues again");
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Again(catalogue.sources(Source::catalog)))?;
        let done = self.lab.import(&catalogue.house, &catalogue.made, What::Catalog)?;
        self.took(&done, catalogue.rows());
        self.line(Figure::ImportAgain, done.seconds, told.seconds)
    }

    fn stock(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Stock]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("the first stock of every offer");
        self.lab.import(&catalogue.house, &catalogue.made, What::Stock)?;
        (self.tell)("stock files with 1 % changed");
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Stock(catalogue.sources(Source::stock)))?;
        let done = self.lab.import(&catalogue.house, &catalogue.made, What::ChangedStock)?;
        self.took(&done, catalogue.rows());
        self.line(Figure::Stock, done.seconds, told.seconds)
    }

    fn reindex(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Reindex]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("reindex");
        let done = self.lab.beamline(&catalogue.house, ["reindex", "--json"])?;
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Reindex)?;
        self.line(Figure::Reindex, done.seconds, told.seconds)
    }

    fn feed(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Feed]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("judging the listings of google, which is not measured");
        self.lab.floor(&catalogue.house, &Job::Channel("google".to_owned()))?;
        (self.tell)("the full feed of google");
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Feed)?;
        let done = self.lab.beamline(&catalogue.house, ["export", "--channel", "google", "--json"])?;
        let published: serde_json::Value = serde_json::from_str(done.said.trim())?;
        let rows = published.pointer("/parts/0/rows").and_then(serde_json::Value::as_u64).unwrap_or_default();
        if rows == 0 {
            return Err(Error::new(Code::Internal, format!("the feed is empty: {published}")));
        }
        self.line(Figure::Feed, done.seconds, told.seconds)
    }

    fn search(&mut self) -> Result<()> {
        if !self.wants(&[Figure::SearchMedian, Figure::SearchP99, Figure::ServeMemory]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        let count = usize::try_from(self.lab.options.products).unwrap_or(usize::MAX).clamp(120, 1_200);
        (self.tell)(&format!("{count} searches in process and over HTTP"));
        let (told, process) = self.lab.floor(&catalogue.house, &Job::Search(count))?;
        let server = Server::start(&self.lab, &catalogue.house)?;
        let (samples, mebibytes) = server.search(count)?;
        self.line(Figure::SearchMedian, quantile(&samples, 0.5), quantile(&told.samples, 0.5))?;
        self.line(Figure::SearchP99, quantile(&samples, 0.99), quantile(&told.samples, 0.99))?;
        self.line(Figure::ServeMemory, memory(mebibytes)?, memory(process.mebibytes)?)
    }

    fn start(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Start]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)("starting a server");
        let empty = self.lab.house("empty")?;
        let ready = |house: &House| -> Result<f64> {
            let times = (0..TIMES).map(|_| Ok(Server::start(&self.lab, house)?.ready.as_secs_f64() * 1_000.0));
            Ok(quantile(&times.collect::<Result<Vec<_>>>()?, 0.5))
        };
        let (value, floor) = (ready(&catalogue.house)?, ready(&empty)?);
        self.line(Figure::Start, value, floor)
    }

    /// Behind what reads the catalogue, because it edits it.
    fn write_visible(&mut self) -> Result<()> {
        if !self.wants(&[Figure::WriteVisible]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        // Another light output in every row: nothing of it can be skipped.
        let dirt = Rates { value_differs: 1.0, ..Rates::observed()? };
        let changed = self.lab.files("changed-files", self.lab.options.products, dirt)?;
        (self.tell)("writes until they are found, without and with an import");
        let server = Server::start(&self.lab, &catalogue.house)?;
        let alone = server.writes_alone(WRITES)?;
        let beside = server.writes_beside_import(&changed)?;
        (self.tell)(&format!("{} writes during the import", beside.len()));
        self.line(Figure::WriteVisible, quantile(&beside, 0.99), quantile(&alone, 0.99))
    }

    /// Behind the server's figures, which are of a house with one channel.
    fn listings(&mut self) -> Result<()> {
        if !self.wants(&[Figure::Listings]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        (self.tell)(&format!("judging the listings of {CHANNELS} channels"));
        let (told, _) = self.lab.floor(&catalogue.house, &Job::Feed)?;
        let (done, process) = self.lab.floor(&catalogue.house, &Job::Listings(CHANNELS))?;
        (self.tell)(&format!("judged in {:.1} s; {:.0} MiB at most", done.seconds, process.mebibytes.unwrap_or_default()));
        self.line(Figure::Listings, done.seconds, told.seconds)
    }

    fn one_change(&mut self) -> Result<()> {
        if !self.wants(&[Figure::OneChange]) {
            return Ok(());
        }
        let catalogue = self.catalogue()?;
        if !self.wants(&[Figure::Listings]) {
            self.lab.floor(&catalogue.house, &Job::Listings(CHANNELS))?;
        }
        (self.tell)("edits until a delta tells of them");
        let (told, _) = self.lab.floor(&catalogue.house, &Job::OneChange(WRITES))?;
        self.line(Figure::OneChange, quantile(&told.samples, 0.99), quantile(&told.floors, 0.99))
    }
}

fn memory(mebibytes: Option<f64>) -> Result<f64> {
    mebibytes.ok_or_else(|| {
        Error::new(Code::Internal, "memory is measured by Linux's /proc, which is not here; leave these figures out")
    })
}
