//! Many pictures at once, each attached to the product that its name means.
//!
//! First all names are read and held against the catalogue (`find`); then product after product its pictures are read, examined and kept
//! one at a time, and attached in the order that their names say (`arrange`). What a run attaches is one operation, however many
//! transactions it takes: undone as one. A file that cannot be used is told of and stops nothing, and sending everything again changes
//! nothing.

mod arrange;
mod attach;
mod files;
mod find;
#[cfg(test)]
mod tests;

pub use files::{Files, NamedFile};

use super::intake::{self, Taken};
use super::naming::Naming;
use super::picture::{self, Refusal};
use super::queries;
use crate::app::App;
use crate::error::{Code, Error, Result};
use arrange::Incoming;
use attach::{Desk, Ready};
use find::{Found, Known, Target};
use serde::Serialize;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Names that are held against the catalogue at once.
const NAMES: usize = 5_000;
/// Products, and pictures of them, that are attached in one transaction.
const PRODUCTS: usize = 50;
const PICTURES: usize = 200;
/// How long nobody may read what is told of files.
const IDLE: Duration = Duration::from_secs(60);

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ImageFileStatus)]
pub enum Status {
    /// Its picture is on the product, or stands at another place of it now.
    Attached,
    /// The product shows it already, where it should.
    Unchanged,
    /// It is no picture that can be used.
    Refused,
    /// There is no product that its name means.
    Unmatched,
    /// Its name may mean several products.
    Ambiguous,
}

/// What is told of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImageFile)]
pub struct Told {
    /// Its name, with the folders before it.
    pub file: String,
    /// What became of it.
    pub status: Status,
    /// The product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The image that is kept of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What is wrong: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ImageFiles)]
pub struct Summary {
    /// Files that were looked at.
    pub files: u64,
    /// See [`Status`].
    pub attached: u64,
    /// See [`Status`].
    pub unchanged: u64,
    /// See [`Status`].
    pub refused: u64,
    /// See [`Status`].
    pub unmatched: u64,
    /// See [`Status`].
    pub ambiguous: u64,
    /// The operation, by which all of it can be undone; null when nothing was attached.
    pub operation: Option<String>,
    /// The change sequence with which it is visible, for `after_change`; null when nothing was attached.
    pub change: Option<String>,
}

impl Summary {
    fn count(&mut self, status: Status) {
        self.files += 1;
        *match status {
            Status::Attached => &mut self.attached,
            Status::Unchanged => &mut self.unchanged,
            Status::Refused => &mut self.refused,
            Status::Unmatched => &mut self.unmatched,
            Status::Ambiguous => &mut self.ambiguous,
        } += 1;
    }

    /// Is there a file that somebody should look at?
    pub fn has_findings(&self) -> bool {
        self.refused + self.unmatched + self.ambiguous > 0
    }
}

/// How a run is done.
#[derive(Debug, Clone)]
pub struct How {
    /// Who, as operations name it.
    pub actor: String,
    /// Only tell what would come of it; nothing is kept.
    pub dry_run: bool,
}

/// A product and its files.
struct Group {
    target: Target,
    files: Vec<Member>,
}

/// A file of a product.
struct Member {
    file: NamedFile,
    position: Option<u32>,
    role: Option<String>,
}

/// Takes the files and tells of each. Ends early when nobody listens any more; what was told stays.
pub async fn run(app: &App, files: Files, how: How, told: Sender<Told>) -> Result<Summary> {
    let naming = Naming::of(&app.dictionary)?;
    let mut desk = Desk::new(app.clone(), how);
    let groups = sorted(app, &naming, files, &mut desk.summary, &told).await?;
    let (mut ready, mut pictures) = (Vec::new(), 0);
    for group in groups {
        if app.shutdown.is_cancelled() {
            return Err(Error::new(Code::Unavailable, "the server stops; send the files again"));
        }
        let mut of = Ready { target: group.target, pictures: Vec::new() };
        for member in group.files {
            match taken(app, &desk.how, &member.file).await? {
                Ok(image) => {
                    of.pictures.push((member.file.name, Incoming { image, position: member.position, role: member.role }));
                }
                Err(refusal) => {
                    let line = Told { sku: Some(of.target.sku.clone()), ..refused(&member.file.name, &refusal) };
                    tell(&mut desk.summary, &told, line).await?;
                }
            }
        }
        pictures += of.pictures.len();
        ready.push(of);
        if ready.len() >= PRODUCTS || pictures >= PICTURES {
            pictures = 0;
            desk.attach(std::mem::take(&mut ready), &told).await?;
        }
    }
    desk.attach(ready, &told).await?;
    Ok(desk.summary)
}

/// Files by product, in the order in which products come first; what is of no product is told of at once.
async fn sorted(app: &App, naming: &Naming, files: Files, summary: &mut Summary, told: &Sender<Told>) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<i64, usize> = HashMap::new();
    let all: Vec<NamedFile> = files.iter().cloned().collect();
    for part in all.chunks(NAMES) {
        let mut asked = Vec::with_capacity(part.len());
        for file in part {
            match file.refusal() {
                Some(refusal) => tell(summary, told, refused(&file.name, refusal)).await?,
                None => asked.push((file, naming.meanings(&file.name))),
            }
        }
        let meanings: Vec<_> = asked.iter().map(|(_, meanings)| meanings.clone()).collect();
        let known = app.db.read(move |conn| Known::ask(conn, &meanings)).await?;
        for (file, meanings) in asked {
            match known.find(&meanings) {
                Found::Product { target, position, role } => {
                    // What is called the main picture comes first.
                    let position = position.or_else(|| (role.as_deref() == Some("main")).then_some(0));
                    let at = *places.entry(target.id).or_insert_with(|| {
                        groups.push(Group { target, files: Vec::new() });
                        groups.len() - 1
                    });
                    if let Some(group) = groups.get_mut(at) {
                        group.files.push(Member { file: file.clone(), position, role });
                    }
                }
                Found::Unmatched => {
                    let message =
                        "no product has this name's SKU, GTIN or part number; name the file after its product, as in SKU_1.jpg";
                    tell(summary, told, line(&file.name, Status::Unmatched, "no_product", message)).await?;
                }
                Found::Ambiguous(skus) => {
                    let message = format!(
                        "the name may mean {}; put the file into a folder that is named by the SKU, or add a position: SKU_1.jpg",
                        skus.join(" or ")
                    );
                    tell(summary, told, line(&file.name, Status::Ambiguous, "several_products", &message)).await?;
                }
            }
        }
    }
    for group in &mut groups {
        let order = |member: &Member| (member.position.is_none(), member.position, member.file.name.clone());
        group.files.sort_by_cached_key(order);
    }
    Ok(groups)
}

/// Keeps one file's picture: its id, or why it is not taken. In a dry run it is only looked at.
async fn taken(app: &App, how: &How, file: &NamedFile) -> Result<Result<String, Refusal>> {
    let most = app.dictionary.pictures().max_bytes;
    let read = {
        let file = file.clone();
        tokio::task::spawn_blocking(move || file.read(most)).await.map_err(Error::internal)?
    };
    let bytes = match read {
        Ok(bytes) => bytes,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let name = file.name.rsplit('/').next();
    let ours = |error: Error| {
        // One picture that we stumble over must not stop the others; a store or database that is away would stop all of them.
        if error.code != Code::Internal {
            return Err(error);
        }
        tracing::error!(%error, file = file.name, "a picture could not be examined");
        let message = "the picture could not be examined, by a fault of ours that was logged; send another form of it".to_owned();
        Ok(Err(Refusal { code: "not_examined", message }))
    };
    if !how.dry_run {
        return match intake::take(app, bytes, name, &how.actor).await {
            Ok(Taken::Kept { row, .. }) => Ok(Ok(row.id)),
            Ok(Taken::Refused(refusal)) => Ok(Err(refusal)),
            Err(error) => ours(error),
        };
    }
    let id = super::image_id(&hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
    let asked = id.clone();
    if let Some(row) = app.db.read(move |conn| queries::image(conn, &asked)).await? {
        return Ok(if row.placeholder { Err(intake::placeholder(&row)) } else { Ok(id) });
    }
    let dictionary = app.dictionary.clone();
    match app.pictures.run(move || picture::examine(&bytes, dictionary.pictures())).await {
        Ok(examined) => Ok(examined.map(|_| id)),
        Err(error) => ours(error),
    }
}

fn line(file: &str, status: Status, code: &str, message: &str) -> Told {
    let (code, message) = (Some(code.to_owned()), Some(message.to_owned()));
    Told { file: file.to_owned(), status, sku: None, image: None, code, message }
}

fn refused(file: &str, refusal: &Refusal) -> Told {
    line(file, Status::Refused, refusal.code, &refusal.message)
}

/// Counts a file and tells of it.
async fn tell(summary: &mut Summary, told: &Sender<Told>, line: Told) -> Result<()> {
    summary.count(line.status);
    let sent = told.send_timeout(line, IDLE).await;
    sent.map_err(|_| Error::new(Code::Timeout, "nobody reads any more what becomes of the files"))
}
