//! Files of leads: seen before they count, taken in once, and taken back where nobody has touched them (LP-032).

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    webhooks::all_leads,
    world::{Answer, TestApp},
};

const FILE: &str = "Navn;Telefon;E-post;Dato;Hva gjelder det?\nKari Nordmann;400 12 345;kari@example.com;20.01.2026;Nytt tak\n\
    Ola Hansen;400 12 346;;02.03.2026 09:30;Renne\nUten nummer;;;;\nFeil;123;;;\nDato;400 12 347;;i morgen;\nKari igjen;+47 400 12 345;;;Mer\n";

async fn upload(app: &TestApp, bytes: &[u8]) -> Answer {
    app.mats().raw(Method::POST, "/api/imports", "application/octet-stream", bytes.to_vec()).await
}

fn id(import: &Value) -> String {
    import["id"].as_str().expect("an id").to_owned()
}

fn counts(value: &Value, names: [&str; 3]) -> [i64; 3] {
    names.map(|name| value[name].as_i64().expect("a count"))
}

async fn taken_in(app: &TestApp, file: &[u8], plan: Value) -> String {
    let import = id(&upload(app, file).await.ok());
    assert_eq!(app.mats().post(&format!("/api/imports/{import}/start"), plan).await.status, 202);
    app.run_jobs().await;
    import
}

#[tokio::test]
async fn each_row_is_seen_before_it_counts_and_then_taken_in_as_was_said() {
    let app = TestApp::new().await;
    let import = upload(&app, FILE.as_bytes()).await;
    assert_eq!(import.status, 201);
    let import = import.ok();
    assert_eq!(
        (import["rows"].as_i64(), import["delimiter"].as_str(), import["encoding"].as_str()),
        (Some(6), Some(";"), Some("UTF-8"))
    );
    let guesses: Vec<&str> =
        import["columns"].as_array().expect("columns").iter().filter_map(|column| column["guess"].as_str()).collect();
    assert_eq!(guesses, ["full_name", "phone", "email", "created_at", "answer"]);
    let path = format!("/api/imports/{}", id(&import));
    let check = app.mats().post(&format!("{path}/check"), json!({})).await.ok();
    assert_eq!(counts(&check, ["new", "joined", "invalid"]), [2, 1, 3], "{check}");
    assert_eq!(check["filed"], 1, "the one of January");
    assert_eq!(
        check["errors"],
        json!([
            { "row": 3, "field": null, "reason": "no_contact" },
            { "row": 4, "field": "Telefon", "reason": "phone_invalid" },
            { "row": 5, "field": "Dato", "reason": "date_invalid" },
        ])
    );
    assert_eq!(check["sample"][0]["phone"], "+4740012345");
    assert!(all_leads(&app).await.is_empty(), "nothing has happened");

    assert_eq!(app.mats().post(&format!("{path}/start"), json!({})).await.status, 202);
    app.mats().post(&format!("{path}/start"), json!({})).await.refused(409, "not_a_draft");
    app.run_jobs().await;
    let done = app.mats().get(&path).await.ok();
    assert_eq!((done["state"].as_str(), done["done"].as_i64()), (Some("done"), Some(6)));
    assert_eq!(counts(&done, ["imported", "joined", "invalid"]), [2, 1, 3]);
    let todo = app.mats().get("/api/leads?view=todo").await.ok();
    let [kari, ola] = todo["items"].as_array().expect("items").as_slice() else { panic!("two: {todo}") };
    assert_eq!((ola["full_name"].as_str(), ola["source"].as_str()), (Some("Ola Hansen"), Some("import")));
    assert_eq!(ola["due_at"], "2026-03-02T09:15:00Z", "younger than a day: its time runs from now on");
    // The old one is filed; asked for once more in the file, by somebody who waits, it has a clock from then on.
    assert_eq!((kari["full_name"].as_str(), kari["enquiry_count"].as_i64()), (Some("Kari Nordmann"), Some(2)));
    assert_eq!(kari["created_at"], "2026-01-20T11:00:00Z");
    let lines: Vec<String> = app.mats().get(&format!("{path}/errors")).await.text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[2], "4,Telefon,phone_invalid,Feil,123,,,");
}

#[tokio::test]
async fn an_old_file_that_is_filed_is_neither_late_nor_alerted_of() {
    let app = TestApp::new().await;
    let file = "name,phone,created_time\nKari,40012345,2026-01-20\nOla,40012346,2026-01-21\n";
    taken_in(&app, file.as_bytes(), json!({ "calling": "file" })).await;
    let leads = all_leads(&app).await;
    assert!(leads.iter().all(|lead| lead["due_at"].is_null() && lead["opens_at"].is_null()), "{leads:?}");
    let counts = app.mats().get("/api/leads/counts").await.ok();
    assert_eq!(counts["todo"], 2);
    // Called all the same, nobody waited for it.
    let lead = leads[0]["id"].as_str().expect("an id");
    app.ravi().post(&format!("/api/leads/{lead}/attempts"), json!({ "channel": "call" })).await.ok();
    assert_eq!(app.ravi().get(&format!("/api/leads/{lead}")).await.ok()["response_seconds"], Value::Null);
    let other = "phone,date\n40099345,2026-01-20\n";
    taken_in(&app, other.as_bytes(), json!({ "calling": "call" })).await;
    let called = all_leads(&app).await.into_iter().find(|lead| lead["phone"] == "+4740099345").expect("a lead");
    assert_eq!(called["due_at"], "2026-03-02T09:15:00Z");
}

#[tokio::test]
async fn a_file_of_metas_own_finds_its_places_and_what_is_here_already_stays_one() {
    let app = TestApp::new().await;
    crate::webhooks::connect(&app).await;
    let known = crate::webhooks::arrive(
        &app,
        &nextmove::sandbox::meta::NewLead {
            phone: Some("+4740012345".into()),
            test: Some(false),
            ..Default::default()
        },
    )
    .await;
    let text = format!(
        "id\tcreated_time\tad_id\tcampaign_name\tform_id\tis_organic\tplatform\thva_gjelder_det?\tfull_name\tphone_number\n\
         l:{known}\t2026-03-02T09:00:00+0100\tag:1\tVinter\tf:1\tfalse\tfb\tTak\tKari\tp:+4740012345\n\
         l:120210000000099999\t2026-03-01T09:00:00+0100\tag:1\tVinter\tf:1\tfalse\tfb\tTak\tOla\tp:+4740012346\n"
    );
    let file: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let import = taken_in(&app, &file, json!({})).await;
    let done = app.mats().get(&format!("/api/imports/{import}")).await.ok();
    assert_eq!(
        (done["encoding"].as_str(), counts(&done, ["imported", "joined", "invalid"])),
        (Some("UTF-16LE"), [1, 1, 0])
    );
    let leads = all_leads(&app).await;
    assert_eq!(leads.len(), 2);
    let ola = leads.iter().find(|lead| lead["full_name"] == "Ola").expect("a lead");
    assert_eq!(
        (ola["phone"].as_str(), ola["meta_lead_id"].as_str()),
        (Some("+4740012346"), Some("120210000000099999"))
    );
    let campaigns = app.mats().get("/api/campaigns").await.ok();
    assert!(
        campaigns["items"]
            .as_array()
            .expect("items")
            .iter()
            .any(|one| one["name"] == "Vinter" && one["id"] == ola["campaign_id"])
    );
    let kari = leads.iter().find(|lead| lead["phone"] == "+4740012345").expect("a lead");
    assert_eq!(kari["enquiry_count"], 1, "Meta's id says that it is the same");
}

#[tokio::test]
async fn an_import_is_taken_back_but_for_what_somebody_has_touched() {
    let app = TestApp::new().await;
    let rows: String = (0..450).map(|n| format!("Person {n},40{:06}\n", n)).collect();
    let import = taken_in(&app, format!("name,phone\n{rows}").as_bytes(), json!({})).await;
    let path = format!("/api/imports/{import}");
    assert_eq!(app.mats().get(&path).await.ok()["imported"], 450);
    let leads = all_leads(&app).await;
    let lead = |at: usize| leads[at]["id"].as_str().expect("an id").to_owned();
    app.ravi().post(&format!("/api/leads/{}/notes", lead(0)), json!({ "text": "Ring" })).await.ok();
    app.ravi().post(&format!("/api/leads/{}/attempts", lead(1)), json!({ "channel": "call" })).await.ok();
    app.mats().patch(&format!("/api/leads/{}", lead(2)), 1, json!({ "service": "Tak" })).await.ok();
    app.ravi().post("/api/leads", json!({ "source": "phone", "phone": leads[3]["phone"] })).await.ok();
    assert_eq!(app.mats().post(&format!("{path}/undo"), Value::Null).await.status, 202);
    app.run_jobs().await;
    let undone = app.mats().get(&path).await.ok();
    assert_eq!((undone["state"].as_str(), undone["kept"].as_i64()), (Some("undone"), Some(4)));
    let mut kept: Vec<String> = undone["kept_leads"]
        .as_array()
        .expect("leads")
        .iter()
        .map(|one| one.as_str().expect("an id").to_owned())
        .collect();
    let mut touched: Vec<String> = (0..4).map(lead).collect();
    kept.sort_unstable();
    touched.sort_unstable();
    assert_eq!(kept, touched);
    assert_eq!(all_leads(&app).await.len(), 4);
    let left: i64 = sqlx::query_scalar("select count(distinct lead_id) from lead_tokens")
        .fetch_one(&mut crate::audit::superuser(&app).await)
        .await
        .expect("a count");
    assert_eq!(left, 4, "nothing finds what is gone");
    app.mats().post(&format!("{path}/undo"), Value::Null).await.refused(409, "not_done");
}

#[tokio::test]
async fn what_is_no_table_is_refused_and_a_file_is_sealed_and_deleted_in_time() {
    let app = TestApp::new().await;
    for (file, reason) in
        [(&b""[..], "empty"), (&b"name,phone\n"[..], "empty"), (&[b'a', b','].repeat(300)[..], "too_many_columns")]
    {
        upload(&app, file).await.refused(422, reason);
    }
    let import = id(&upload(&app, FILE.as_bytes()).await.ok());
    app.mats()
        .post(&format!("/api/imports/{import}/check"), json!({ "columns": { "Nowhere": "phone" } }))
        .await
        .refused(422, "column_unknown");
    assert_eq!(app.gita().get(&format!("/api/imports/{import}")).await.status, 404);
    assert_eq!(app.ravi().get("/api/imports").await.status, 403);
    let kept: Vec<u8> = sqlx::query_scalar("select file from lead_imports")
        .fetch_one(&mut crate::audit::superuser(&app).await)
        .await
        .expect("a file");
    assert!(!String::from_utf8_lossy(&kept).contains("Nordmann"));
    app.advance(TimeDelta::days(31));
    let sweep = app
        .app
        .db
        .write(app.world.acme, nextmove::db::Actor::System, async |tx| nextmove::doors::forget(tx, 100).await);
    sweep.await.expect("swept");
    app.mats().post(&format!("/api/imports/{import}/start"), json!({})).await.refused(409, "file_gone");
}

#[tokio::test]
async fn the_files_that_say_what_was_wrong_hold_no_formula() {
    let app = TestApp::new().await;
    let import = taken_in(&app, b"name,phone\n=HYPERLINK(1),123\n@x,+1\n", json!({})).await;
    let text = app.mats().get(&format!("/api/imports/{import}/errors")).await.text;
    assert!(text.contains("'=HYPERLINK(1)") && text.contains("'@x") && text.contains("'+1"), "{text}");
}
