//! How long a failed job waits.

use super::{Job, JobStatus, MAX_ATTEMPTS, pause};
use chrono::TimeDelta;

#[test]
fn every_pause_is_twice_the_last_until_the_job_is_given_up() {
    let pauses: Vec<_> = (1..MAX_ATTEMPTS).map(|attempts| pause(attempts).unwrap()).collect();
    assert_eq!(pauses, [2, 4, 8, 16].map(TimeDelta::seconds));
    assert_eq!(pause(MAX_ATTEMPTS), None);
}

#[test]
fn names_are_read_back() {
    for status in JobStatus::ALL {
        assert_eq!(JobStatus::parse(status.as_str()), Some(status));
    }
    let jobs = [
        Job::Import { import_id: "i".to_owned() },
        Job::Release { import_id: "i".to_owned() },
        Job::Undo { operation_id: "o".to_owned() },
        Job::ResolveAll,
        Job::Publish { channel: "c".to_owned() },
    ];
    assert_eq!(jobs.map(|job| job.kind()), Job::KINDS);
}
