//! The job queue as an operator sees it: a job that fails is tried again after growing pauses, then it is in the list of what was given
//! up, until somebody has it tried again or discards it.

use crate::support::{House, Server, Upload};
use beamline::db::schema::jobs as table;
use beamline::db::{JsonText, Time};
use beamline::doctor::examine;
use beamline::jobs::queries::{self, Claimed, job_claim, job_enqueue, job_fail};
use beamline::jobs::{Job, LEASE, pause};
use chrono::TimeDelta;
use diesel::prelude::*;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const FILE: &str = "sku,brand,mpn,title\nA-1,Fenix,HM65R,Fenix HM65R\n";

/// Takes the due job and lets it fail; the time of its next try.
async fn fail_once(house: &House, error: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let (now, error) = (house.clock.now(), error.to_owned());
    house
        .app
        .db
        .write(move |conn| {
            let Claimed::Work(held) = job_claim(conn, "worker_1", now)? else { return Ok(None) };
            assert!(job_fail(conn, &held.id, "worker_1", &error, pause(held.attempts), now)?);
            Ok(Some(queries::job_by_id(conn, &held.id)?.run_at))
        })
        .await
        .unwrap()
}

/// Kills the worker of whatever job is due, again and again, until the job is given up by the server.
async fn workers_die(house: &House) {
    for _ in 0..5 {
        let now = house.clock.now();
        let claimed = house.app.db.write(move |conn| job_claim(conn, "worker_1", now)).await.unwrap();
        assert!(matches!(claimed, Claimed::Work(_)), "{claimed:?}");
        house.clock.set(house.clock.now() + LEASE + TimeDelta::seconds(1));
    }
}

async fn dead(server: &Server) -> Vec<Value> {
    server.all("/api/v1/jobs?status=dead").await
}

async fn until_dead(server: &Server) -> Value {
    let begun = Instant::now();
    loop {
        if let Some(job) = dead(server).await.pop() {
            return job;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no job is given up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    async fn a_failing_job_waits_longer_each_time_and_is_given_up(house: House) {
        let server = Server::start_idle(&house).await;
        let now = house.clock.now();
        house.app.db.write(move |conn| job_enqueue(conn, &Job::ResolveAll, now)).await.unwrap();
        for (attempt, wait) in [2, 4, 8, 16].into_iter().enumerate() {
            let next = fail_once(&house, &format!("fault {attempt}")).await.expect("it is due");
            assert_eq!(next - house.clock.now(), TimeDelta::seconds(wait));
            assert_eq!(fail_once(&house, "too early").await, None, "nobody takes it before its time");
            let queued = server.get("/api/v1/jobs?status=queued&kind=resolve_all").await.expect(200);
            let job = &queued["items"][0];
            assert_eq!((&job["attempts"], &job["error"]), (&json!(attempt + 1), &json!(format!("fault {attempt}"))), "{queued}");
            assert_eq!(job["next_try_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap(), next);
            house.clock.set(next);
        }
        assert!(dead(&server).await.is_empty());
        fail_once(&house, "the last fault").await.unwrap();
        let given_up = dead(&server).await;
        assert_eq!(given_up.len(), 1);
        let job = &given_up[0];
        assert_eq!(
            (&job["kind"], &job["status"], &job["attempts"], &job["max_attempts"], &job["error"], &job["next_try_at"]),
            (&json!("resolve_all"), &json!("dead"), &json!(5), &json!(5), &json!("the last fault"), &Value::Null),
            "{job}"
        );
        assert!(job["finished_at"].is_string() && job["created_at"].is_string());
        let id = job["id"].as_str().unwrap();
        let findings = examine(&house.app, &|_| {}).await.unwrap();
        let advice = &findings.iter().find(|finding| finding.area == "jobs").expect("doctor tells of it").message;
        assert!(advice.contains("the last fault") && advice.contains(&format!("POST /api/v1/jobs/{id}/retry")), "{advice}");

        server.send(Method::POST, &format!("/api/v1/jobs/{id}/discard"), json!({})).await.expect(200);
        assert!(dead(&server).await.is_empty());
        assert_eq!(server.get(&format!("/api/v1/jobs/{id}")).await.expect(200)["status"], "discarded");
        server.send(Method::POST, &format!("/api/v1/jobs/{id}/retry"), json!({})).await.problem(409, "conflict");
        server.get("/api/v1/jobs?status=lazy").await.problem(400, "invalid_parameter");
        server.get("/api/v1/jobs/job_none").await.problem(404, "not_found");
    }

    async fn an_import_that_was_given_up_goes_on_when_it_is_retried(house: House) {
        let server = Server::start_idle(&house).await;
        let sent = Upload::new("alpine", "a.csv", FILE).send_as(&server, &server.admin).await.expect(202);
        let import = sent["id"].as_str().unwrap();
        workers_die(&house).await;
        Server::work(&house);
        let job = until_dead(&server).await;
        assert_eq!((&job["kind"], &job["subject"]), (&json!("import"), &json!(import)), "{job}");
        assert!(job["error"].as_str().unwrap().contains("died 5 times"), "{job}");
        let failed = server.ended(import).await;
        assert_eq!(failed["status"], "failed", "{failed}");
        let path = format!("/api/v1/jobs/{}/retry", job["id"].as_str().unwrap());
        let again = server.send(Method::POST, &path, json!({})).await.expect(202);
        assert_eq!((&again["status"], &again["attempts"]), (&json!("queued"), &json!(0)), "{again}");
        let done = server.ended(import).await;
        assert_eq!((&done["status"], &done["created"], &done["error"]), (&json!("done"), &json!(1), &Value::Null), "{done}");
        assert!(dead(&server).await.is_empty());
    }

    async fn an_old_file_is_not_retried_over_a_newer_one(house: House) {
        let server = Server::start_idle(&house).await;
        let sent = Upload::new("alpine", "a.csv", FILE).send_as(&server, &server.admin).await.expect(202);
        workers_die(&house).await;
        Server::work(&house);
        let job = until_dead(&server).await;
        house.clock.set(house.clock.now() + TimeDelta::seconds(1));
        let newer = Upload::new("alpine", "a.csv", FILE.replace("HM65R\n", "HM65R, new\n").replace("title", "title,note")).done(&server).await;
        assert_eq!(newer["status"], "done", "{newer}");
        let path = format!("/api/v1/jobs/{}/retry", job["id"].as_str().unwrap());
        let refused = server.send(Method::POST, &path, json!({})).await.problem(409, "conflict");
        assert!(refused["detail"].as_str().unwrap().contains(newer["id"].as_str().unwrap()), "{refused}");
        assert_eq!(server.ended(sent["id"].as_str().unwrap()).await["status"], "failed");
        // Whoever may only look, or knows one supplier, has no say in it.
        let viewer = crate::support::key(&house, beamline::auth::Role::Viewer, None, None).await;
        server.send_as(&viewer, Method::POST, &path, json!({})).await.problem(403, "forbidden");
        server.get_as(&viewer, "/api/v1/jobs").await.expect(200);
        let supplier = crate::support::key(&house, beamline::auth::Role::Supplier, Some("alpine"), None).await;
        server.get_as(&supplier, "/api/v1/jobs").await.problem(403, "forbidden");
    }
}

/// A job that is dead already, for walks over the interface.
pub async fn bury(house: &House, id: &'static str) {
    let now = Time(house.clock.now());
    let work = move |conn: &mut beamline::db::Conn| {
        let payload = JsonText::of(&Job::ResolveAll)?;
        diesel::insert_into(table::table)
            .values((
                table::id.eq(id),
                table::kind.eq("resolve_all"),
                table::payload.eq(payload),
                table::state.eq("dead"),
                table::attempts.eq(5),
                table::run_at.eq(now),
                table::error.eq("a fault"),
                table::created_at.eq(now),
                table::finished_at.eq(now),
            ))
            .execute(conn)?;
        Ok(())
    };
    house.app.db.write(work).await.unwrap();
}
