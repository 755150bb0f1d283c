//! Time comes from here, so that tests can set it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex};

/// Where "now" comes from. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    fixed: Option<Arc<Mutex<DateTime<Utc>>>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still until it is set.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self { fixed: Some(Arc::new(Mutex::new(at))) }
    }

    /// Moves a fixed clock; the machine's clock cannot be moved.
    pub fn set(&self, at: DateTime<Utc>) {
        if let Some(fixed) = &self.fixed {
            *fixed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
        }
    }

    /// Now, to the microsecond, which is what both databases keep.
    pub fn now(&self) -> DateTime<Utc> {
        let now =
            self.fixed.as_ref().map_or_else(Utc::now, |fixed| *fixed.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
    }
}
