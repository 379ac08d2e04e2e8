//! The API's document: OpenAPI 3.1, whole, and the one that the app's types are made from.

use std::collections::BTreeSet;

use nextmove::web::router;

use crate::world::TestApp;

#[test]
fn the_apps_document_is_the_servers() {
    let (_, document) = router::api(true);
    let current = document.to_pretty_json().expect("serializes");
    let committed = include_str!("../../pwa/openapi.json");
    assert_eq!(current.trim(), committed.trim(), "pwa/openapi.json is stale: run `make types`");
}

#[tokio::test]
async fn it_is_served_and_can_be_browsed() {
    let app = TestApp::new().await;
    let document = app.anonymous().get("/api/openapi.json").await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(ids.insert(id.to_owned()), "{method} {path}: two operations are called {id}");
            assert!(
                operation["responses"].as_object().is_some_and(|all| all.len() > 1),
                "{method} {path} documents its errors"
            );
        }
    }
    let page = app.anonymous().get("/api/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("swagger-ui"));
}
