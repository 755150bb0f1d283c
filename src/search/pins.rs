//! Views of the index that are kept for paging by relevance.
//!
//! The order of a relevance search depends on the whole index, so its pages must be cut from one view. A view is shared by all
//! searches that began on it, and holds little more than open files; it goes 60 seconds after its last page.

use super::reader::View;
use chrono::{DateTime, TimeDelta, Utc};

/// How long a view is kept after its last use, in seconds.
pub const KEPT_SECONDS: i64 = 60;
/// Views kept at most; the one unused for the longest goes first.
const MAX_VIEWS: usize = 128;

/// The kept views.
pub(super) struct Pins {
    kept: Vec<Pin>,
    /// Tells this process's views from those of an earlier run: a cursor of that one must not be taken for one of ours.
    run: u32,
}

impl Default for Pins {
    fn default() -> Self {
        Self { kept: Vec::new(), run: rand::random() }
    }
}

struct Pin {
    key: String,
    view: View,
    used_at: DateTime<Utc>,
}

impl Pins {
    /// Keeps a view and says under which key.
    pub fn keep(&mut self, view: &View, now: DateTime<Utc>) -> String {
        self.expire(now);
        let key = format!("{:08x}.{}.{}", self.run, view.version, view.searcher.generation().generation_id());
        if let Some(pin) = self.kept.iter_mut().find(|pin| pin.key == key) {
            pin.used_at = now;
            return key;
        }
        if self.kept.len() >= MAX_VIEWS
            && let Some(oldest) = (0..self.kept.len()).min_by_key(|at| self.kept.get(*at).map(|pin| pin.used_at))
        {
            self.kept.remove(oldest);
        }
        self.kept.push(Pin { key: key.clone(), view: view.clone(), used_at: now });
        key
    }

    /// The view of this key, unless it is gone.
    pub fn get(&mut self, key: &str, now: DateTime<Utc>) -> Option<View> {
        self.expire(now);
        self.kept.iter().find(|pin| pin.key == key).map(|pin| pin.view.clone())
    }

    fn expire(&mut self, now: DateTime<Utc>) {
        self.kept.retain(|pin| now - pin.used_at <= TimeDelta::seconds(KEPT_SECONDS));
    }
}
