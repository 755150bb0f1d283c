//! Ids of things that are not products: a short prefix and a UUIDv7, so that their order is the order of their making.

use std::sync::Mutex;
use uuid::timestamp::context::ContextV7;
use uuid::{Timestamp, Uuid};

/// Counts on within one millisecond, so that what this process makes later also sorts later.
static CONTEXT: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// A new id, such as `imp_0197c3…`, made at `now`.
pub fn new(prefix: &str, now: chrono::DateTime<chrono::Utc>) -> String {
    let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
    let uuid = Uuid::new_v7(Timestamp::from_unix(&CONTEXT, seconds, now.timestamp_subsec_nanos()));
    format!("{prefix}_{}", uuid.simple())
}
