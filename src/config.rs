//! What a person sets: flags and environment variables, nothing else. `clap` is the whole configuration.

use clap::Args;
use std::path::PathBuf;

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Folder for the database, the index, files and feeds
    #[arg(long, env = "BEAMLINE_DATA", default_value = "beamline-data", global = true, value_name = "DIR")]
    pub data: PathBuf,

    /// `sqlite:PATH` or `postgres://USER@HOST/NAME` [default: a SQLite file in the data folder]
    #[arg(long, env = "DATABASE_URL", global = true, value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Folder with attributes, units, categories, locales and channels of your own, on top of the built-in ones
    #[arg(long, env = "BEAMLINE_SCHEMA", global = true, value_name = "DIR")]
    pub schema: Option<PathBuf>,

    /// Where import originals and publications are kept: a folder or `s3://BUCKET/PREFIX` [default: in the data folder]
    #[arg(id = "file_store", long = "files", env = "BEAMLINE_FILES", global = true, value_name = "URL")]
    pub files: Option<String>,

    /// Where this house is reached from outside, such as `https://pim.example`: channels are sent its own, mended pictures
    #[arg(long, env = "BEAMLINE_PUBLIC_URL", global = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Sign the addresses of those pictures, so that nobody makes one up
    #[arg(long, env = "BEAMLINE_SIGN_IMAGES", global = true, default_value_t = false, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub sign_images: bool,

    /// Fetch the pictures that suppliers name, while serving
    #[arg(long, env = "BEAMLINE_FETCH_IMAGES", global = true, default_value_t = true, action = clap::ArgAction::Set, value_name = "BOOL")]
    pub fetch_images: bool,

    /// Hosts, addresses or networks that pictures may be fetched from although they are not public, such as `10.0.0.0/8`
    #[arg(long, env = "BEAMLINE_IMAGE_HOSTS", global = true, value_delimiter = ',', value_name = "HOST,...")]
    pub image_hosts: Vec<String>,

    /// Seconds that a host of pictures may say nothing; a whole picture may take four times as long, and longer when it is large
    #[arg(long, env = "BEAMLINE_IMAGE_TIMEOUT", global = true, default_value_t = 15, value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..=600))]
    pub image_timeout: u32,

    /// Days that changes are kept: events can be read from that far back, and operations undone
    #[arg(long, env = "BEAMLINE_KEEP_DAYS", default_value_t = 90, global = true, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub keep_days: u32,

    /// SQL statements that take so long are logged, without their values, and counted; 0 logs every one
    #[arg(long, env = "BEAMLINE_SLOW_QUERY_MS", default_value_t = 250, global = true, value_name = "MILLISECONDS")]
    pub slow_query_ms: u32,

    /// What is logged: error, warn, info, debug, trace, or a filter such as `beamline=debug,tower_http=info`
    #[arg(long = "log", env = "BEAMLINE_LOG", default_value = "info", global = true, value_name = "LEVEL")]
    pub log: String,

    /// How log lines look: text for people, json for machines
    #[arg(long, env = "BEAMLINE_LOG_FORMAT", default_value = "text", global = true, value_parser = ["text", "json"])]
    pub log_format: String,
}

impl Config {
    /// The database's URL: as given, else the SQLite file in the data folder.
    pub fn database(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| format!("sqlite:{}", self.data.join("beamline.db").display()))
    }

    /// The folder of the search index's versions.
    pub fn index(&self) -> PathBuf {
        self.data.join("index")
    }

    /// Where files are kept, as a URL or folder.
    pub fn file_store(&self) -> String {
        self.files.clone().unwrap_or_else(|| self.data.join("files").display().to_string())
    }
}
