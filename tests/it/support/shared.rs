//! The material beside the project that some tests read and that is no part of it.

use std::path::{Path, PathBuf};

/// `path` under the folder of shared material: `../shared`, or where `BEAMLINE_SHARED` points. `None`, said plainly, when it is
/// not there; the test then returns.
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let place = std::env::var_os("BEAMLINE_SHARED").map_or_else(beside, PathBuf::from).join(path);
    if place.exists() {
        return Some(place);
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    super::say(&format!(
        "skipped: {test} needs {path} from the shared material, which is not here (BEAMLINE_SHARED can name it)"
    ));
    None
}
