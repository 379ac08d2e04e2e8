use axum::{body::Body, http::StatusCode, response::Response};

use super::*;
use crate::providers::meta::{MetaError, Retry};

#[tokio::test]
async fn a_lead_comes_back_as_it_was_made() {
    let (sandbox, url) = start(Options::new(now)).await;
    let lead_id = sandbox.add_lead(&NewLead {
        full_name: Some("Åse Nordmann 🚿".into()),
        consents: [("optional_1".to_owned(), true)].into(),
        organic: Some(false),
        test: Some(false),
        ..NewLead::default()
    });
    let meta = client(&url);
    let lead = meta.lead(&token(), &id(&lead_id)).await.unwrap();
    assert_eq!(lead.id.as_str(), lead_id);
    assert_eq!(lead.created_time, now());
    let name = lead.field_data.iter().find(|f| f.name == "full_name").unwrap();
    assert_eq!(name.values, ["Åse Nordmann 🚿"], "through the escapes");
    assert!(lead.campaign_name.is_some() && lead.adset_id.is_some());
    assert!(lead.custom_disclaimer_responses.iter().any(|r| r.checkbox_key == "optional_1" && r.is_checked));
    assert_eq!(meta.usage().percent, 1);

    let requests = sandbox.requests();
    assert_eq!(requests[0].path, format!("/v26.0/{lead_id}"));
    assert_eq!(requests[0].query["appsecret_proof"], "…");
    assert!(requests[0].query["fields"].contains("custom_disclaimer_responses"));
    assert_eq!(requests[0].authorization.as_deref(), Some("Bearer …"));
    assert!(!serde_json::to_string(&requests).unwrap().contains("sandbox-page-token"));
}

#[tokio::test]
async fn forms_in_every_language_can_be_read() {
    let mut options = Options::new(now);
    let languages = [Language::Nb, Language::De, Language::Nl, Language::En];
    options.pages[0].forms = (1..).map(|n: u32| n.to_string()).zip(languages).collect();
    let (_sandbox, url) = start(options).await;
    let meta = client(&url);
    for (form_id, locale) in [("1", "nb_NO"), ("2", "de_DE"), ("3", "nl_NL"), ("4", "en_GB")] {
        let form = meta.form(&token(), &id(form_id)).await.unwrap();
        assert_eq!(form.locale.as_deref(), Some(locale));
        assert_eq!(form.questions.len(), 7);
        let disclaimer = form.legal_content.unwrap().custom_disclaimer.unwrap();
        assert_eq!(disclaimer.checkboxes.iter().filter(|b| b.is_checked_by_default).count(), 1);
    }
}

#[tokio::test]
async fn every_fault_has_its_class() {
    let (sandbox, url) = start(Options::new(now)).await;
    let lead_id = id(&sandbox.add_lead(&NewLead::default()));
    let meta = client(&url);
    for (fault, error, retry) in [
        (Fault::Error500, "Temporary { reason: \"code 2\" }", Retry::Backoff),
        (Fault::Throttled, "Throttled { code: 80005, retry_after: 1140s }", Retry::After(Duration::from_secs(1140))),
        (Fault::Garbage, "Invalid { what: \"broken JSON at column 36\" }", Retry::Few),
        (Fault::TokenRevoked, "TokenDead { code: 190, subcode: Some(460) }", Retry::Never),
        (
            Fault::Permission,
            "Permission { code: 200, message: \"(#200) Requires leads_retrieval permission to manage the object\" }",
            Retry::Never,
        ),
        (Fault::Gone, "Gone", Retry::Few),
        (Fault::Html, "Temporary { reason: \"HTML instead of JSON\" }", Retry::Backoff),
        (Fault::Policy, "PolicyBlocked", Retry::Never),
    ] {
        sandbox.fail_next(fault, 2);
        for _ in 0..2 {
            let failed = meta.lead(&token(), &lead_id).await.unwrap_err();
            assert_eq!(format!("{failed:?}"), error);
            assert_eq!(failed.retry(), retry, "{fault:?}");
        }
        assert!(meta.lead(&token(), &lead_id).await.is_ok(), "two calls failed, the third did not: {fault:?}");
    }
    sandbox.fail_next(Fault::Gone, 5);
    sandbox.clear_faults();
    assert!(meta.lead(&token(), &lead_id).await.is_ok());
}

#[tokio::test]
async fn throttling_shows_in_the_usage() {
    let (sandbox, url) = start(Options::new(now)).await;
    let meta = client(&url);
    sandbox.fail_next(Fault::Throttled, 1);
    assert!(meta.page(&token()).await.is_err());
    assert_eq!((meta.usage().percent, meta.usage().regain_access), (100, Some(Duration::from_secs(1140))));
    let page = meta.page(&token()).await.unwrap();
    assert_eq!((page.id.as_str(), page.name.as_deref()), ("104857600123456", Some("Fjordvarme")));
}

#[tokio::test]
async fn silence_is_temporary_and_a_slow_answer_is_an_answer() {
    let (sandbox, url) = start(Options::new(now)).await;
    let lead_id = id(&sandbox.add_lead(&NewLead::default()));
    let meta = client_with(&url, |options| options.timeout = Duration::from_millis(800));
    sandbox.queue_fault(FaultRequest { fault: Fault::Timeout, count: 1, delay_ms: Some(5_000), on: None });
    let error = meta.lead(&token(), &lead_id).await.unwrap_err();
    assert_eq!(error, MetaError::Temporary { reason: "no answer in time".into() });
    sandbox.queue_fault(FaultRequest { fault: Fault::Slow, count: 1, delay_ms: Some(30), on: None });
    assert!(meta.lead(&token(), &lead_id).await.is_ok());
}

#[tokio::test]
async fn nobody_there_is_temporary() {
    let (listener, url) = listen().await;
    drop(listener);
    let error = client(&url).lead(&token(), &id("1")).await.unwrap_err();
    assert_eq!(error, MetaError::Temporary { reason: "no connection".into() });
}

#[tokio::test]
async fn wrong_tokens_and_secrets_are_told_apart() {
    let (sandbox, url) = start(Options::new(now)).await;
    let lead_id = id(&sandbox.add_lead(&NewLead::default()));
    let error = client(&url).lead(&PageToken::new("EAAB-revoked-secret"), &lead_id).await.unwrap_err();
    assert_eq!(error, MetaError::TokenDead { code: 190, subcode: Some(467) });
    let wrong = client_with(&url, |options| options.app_secret = AppSecret::new("other-secret"));
    let error = wrong.lead(&token(), &lead_id).await.unwrap_err();
    assert!(matches!(error, MetaError::Refused { code: 100, .. }));
    let shown = format!("{error} {error:?} {wrong:?}");
    assert!(!shown.contains("other-secret") && !shown.contains("sandbox-page-token"), "{shown}");
    assert_eq!(client(&url).lead(&token(), &id("404")).await, Err(MetaError::Gone));
}

#[tokio::test]
async fn another_pages_token_sees_nothing() {
    let mut options = Options::new(now);
    let forms = vec![("2".to_owned(), Language::De)];
    options.pages.push(PageOptions { id: "7".into(), name: "Globex".into(), token: "other-page".into(), forms });
    let (sandbox, url) = start(options).await;
    let theirs = id(&sandbox.add_lead(&NewLead { form_id: Some("2".into()), ..NewLead::default() }));
    let meta = client(&url);
    assert_eq!(meta.lead(&token(), &theirs).await, Err(MetaError::Gone));
    assert_eq!(meta.form(&token(), &id("2")).await, Err(MetaError::Gone));
    assert!(meta.lead(&PageToken::new("other-page"), &theirs).await.is_ok());
}

#[tokio::test]
async fn a_form_is_read_page_by_page_since_a_time() {
    let (sandbox, url) = start(Options::new(now)).await;
    let made = |minutes: i64| NewLead {
        created_time: Some(now() - chrono::TimeDelta::minutes(minutes)),
        ..NewLead::default()
    };
    let expected: Vec<String> = (0..230).map(|n| sandbox.add_lead(&made(n))).collect();
    sandbox.add_lead(&made(91 * 24 * 60));
    let meta = client(&url);
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let since = now() - chrono::TimeDelta::minutes(220);
        let page = meta.form_leads(&token(), &id("998877665544332"), since, after.as_deref()).await.unwrap();
        assert_eq!(page.unreadable, 0);
        found.extend(page.leads.into_iter().map(|lead| lead.id.to_string()));
        after = page.after;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected[..=220], "newest first, all of them, once");
    assert_eq!(sandbox.requests().len(), 3);
}

#[tokio::test]
async fn a_token_can_be_examined() {
    let (_sandbox, url) = start(Options::new(now)).await;
    let meta = client(&url);
    let info = meta.debug_token(&token()).await.unwrap();
    assert!(info.is_valid && info.scopes.contains(&"leads_retrieval".to_owned()));
    assert!(!meta.debug_token(&PageToken::new("gone")).await.unwrap().is_valid);
}

#[tokio::test]
async fn the_open_world_answers_any_id_and_any_token() {
    let (_sandbox, url) = start(Options { open_world: true, ..Options::new(now) }).await;
    let meta = client(&url);
    let lead = meta.lead(&PageToken::new("whatever"), &id("12345678901234567")).await.unwrap();
    assert_eq!(lead.field_data[0].values, ["Åse Nordmann 12345678901234567"]);
    assert_eq!(lead.form_id, Some(id("900")));
    assert_eq!(meta.form(&token(), &id("900")).await.unwrap().questions.len(), 7);
}

#[tokio::test]
async fn odd_answers_are_refused() {
    type Answer = fn() -> Response;
    let answers: [(&str, Answer); 4] = [
        ("Invalid { what: \"more than 1 MiB\" }", || Response::new(Body::from(vec![b' '; 2 * 1024 * 1024]))),
        ("Temporary { reason: \"HTTP 302 without a Graph error\" }", || {
            let moved = Response::builder().status(StatusCode::FOUND).header("location", "http://127.0.0.1:1/stolen");
            moved.body(Body::empty()).unwrap()
        }),
        ("Invalid { what: \"another shape at column 10\" }", || Response::new(Body::from(r#"{"id":"x"}"#))),
        ("Invalid { what: \"another lead than the one asked for\" }", || {
            Response::new(Body::from(r#"{"id":"2","created_time":"2026-01-01T00:00:00+0000"}"#))
        }),
    ];
    for (expected, answer) in answers {
        let url = one_answer(answer).await;
        let error = client(&url).lead(&token(), &id("1")).await.unwrap_err();
        assert_eq!(format!("{error:?}"), expected);
    }
}
