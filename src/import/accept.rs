//! Accepting: the files are stored as they came, and the import stands in the queue, before anything is read.

use super::queries::{NewImport, StoredFile, import_insert, profile_in_force, profile_put};
use super::{ImportKind, ImportMode};
use crate::app::App;
use crate::db::{Conn, operations};
use crate::error::{Code, Error, Result};
use crate::files::{self, NotStored};
use crate::jobs::Job;
use crate::jobs::queries::{job_begin, job_enqueue};
use crate::suppliers::profile::Profile;
use crate::suppliers::queries::{supplier_by_code, supplier_ensure};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::Stream;
use object_store::{ObjectStoreExt, path::Path};

/// Bytes of one import's files at most.
pub const MAX_BYTES: u64 = 8 << 30;

/// What a caller asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Supplier code; an unknown one is created.
    pub supplier: String,
    /// What the files are about.
    pub kind: ImportKind,
    /// Whole range or not; none means as the profile says.
    pub mode: Option<ImportMode>,
    /// A profile's TOML, when one is given with the files.
    pub profile: Option<String>,
    /// Only tell what would change.
    pub dry_run: bool,
    /// Who asks.
    pub actor: String,
}

/// Stores one file of an import to be; `import_id` groups them.
pub async fn store_file<E>(
    app: &App,
    import_id: &str,
    place: usize,
    name: &str,
    body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    max_bytes: u64,
) -> Result<StoredFile>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = Path::from(format!("imports/{import_id}/{place:03}-{}", safe_name(name)));
    let bytes = files::put(&app.files, path.clone(), body, max_bytes).await.map_err(|failed| match failed {
        NotStored::Body(error) => {
            Error::new(Code::BadRequest, format!("{name} did not arrive whole; send it again")).because(error)
        }
        NotStored::TooLarge => {
            Error::new(Code::TooLarge, format!("{name} is larger than the {max_bytes} bytes one import may have; split it"))
        }
        NotStored::Store(error) => match files::refused(&format!("{name} cannot be stored"), error) {
            error if error.code == Code::NotFound => Error { code: Code::Unavailable, ..error },
            error => error,
        },
    })?;
    Ok(StoredFile { name: name.to_owned(), path: path.to_string(), bytes })
}

/// Takes back what was stored of an import that was refused after all.
pub async fn discard(app: &App, files: &[StoredFile]) {
    for file in files {
        if let Err(error) = app.files.delete(&Path::from(file.path.as_str())).await {
            tracing::warn!(%error, path = file.path, "a refused upload remains in the file store");
        }
    }
}

fn safe_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let safe: String =
        base.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).take(100).collect();
    if safe.is_empty() { "file".to_owned() } else { safe }
}

/// An import to be put into the queue: its profile is one that can be used.
pub struct Accepted {
    import_id: String,
    request: Request,
    files: Vec<StoredFile>,
    profile: Option<Profile>,
}

impl Accepted {
    /// Checks what was asked for.
    pub fn check(app: &App, import_id: String, request: Request, files: Vec<StoredFile>) -> Result<Self> {
        let parse = |toml: &String| {
            Profile::parse(toml, &app.dictionary)
                .map_err(|error| Error::new(Code::InvalidProfile, format!("the profile cannot be used: {error}")))
        };
        let profile = request.profile.as_ref().map(parse).transpose()?;
        Ok(Self { import_id, request, files, profile })
    }

    /// Puts it into the queue; with a `worker`, it is begun by that worker instead and the job's id comes back too.
    pub fn enqueue(self, conn: &mut Conn, worker: Option<&str>, now: DateTime<Utc>) -> Result<(String, Option<String>)> {
        let Self { import_id, request, files, profile: given } = self;
        // A rehearsal leaves nothing behind: no supplier, no profile.
        let supplier = if request.dry_run {
            supplier_by_code(conn, &request.supplier)?
        } else {
            Some(supplier_ensure(conn, &request.supplier, now)?)
        };
        let (profile, profile_name) = match (given, request.profile) {
            (Some(profile), Some(toml)) => {
                if let Some(supplier) = supplier.filter(|_| !request.dry_run) {
                    profile_put(conn, supplier.id, request.kind, &toml, &profile.fingerprint(), false, now)?;
                }
                (Some(toml), profile.name)
            }
            _ => match supplier {
                Some(supplier) => (profile_in_force(conn, supplier.id, request.kind)?.map(|row| row.toml), String::new()),
                None => (None, String::new()),
            },
        };
        let operation_id = operations::begin(conn, "import", &request.actor, &import_id, &serde_json::json!({}), now)?;
        let import = NewImport {
            id: import_id.clone(),
            supplier: request.supplier,
            kind: request.kind,
            mode: request.mode,
            dry_run: request.dry_run,
            profile,
            profile_name,
            files,
            operation_id,
        };
        import_insert(conn, &import, now)?;
        let job = Job::Import { import_id: import_id.clone() };
        let job = match worker {
            Some(worker) => Some(job_begin(conn, &job, worker, now)?),
            None => job_enqueue(conn, &job, now).map(|_| None)?,
        };
        Ok((import_id, job))
    }
}

/// [`Accepted::check`] and [`Accepted::enqueue`] as one unit of work.
pub async fn enqueue(
    app: &App,
    import_id: String,
    request: Request,
    files: Vec<StoredFile>,
    worker: Option<String>,
) -> Result<(String, Option<String>)> {
    let accepted = Accepted::check(app, import_id, request, files)?;
    let now = app.clock.now();
    app.db.write(move |conn| accepted.enqueue(conn, worker.as_deref(), now)).await
}
