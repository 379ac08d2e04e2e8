//! The one place that asks what time it is. Tests hold a clock that stands still until told to go on.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

/// Tells the time, to the microsecond (what PostgreSQL keeps), so that a stored time equals the one that was written.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    Real,
    /// Stands still until [`Clock::advance`].
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(at)))
    }

    #[allow(clippy::disallowed_methods)] // the door through which time comes in
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Real => Utc::now().duration_trunc(TimeDelta::microseconds(1)).unwrap_or_default(),
            Self::Fixed(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock on. The real one cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Fixed(at) = self {
            *at.lock().unwrap_or_else(PoisonError::into_inner) += by;
        }
    }
}
