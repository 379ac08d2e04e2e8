//! The API's document: OpenAPI 3.1, from the handlers themselves.

use utoipa::{
    OpenApi,
    openapi::{
        self, Content, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};

use crate::error::Problem;

#[derive(OpenApi)]
#[openapi(
    info(title = "NextMove", description = "See docs/API.md for what types cannot tell."),
    components(schemas(Problem))
)]
struct Document;

pub fn document() -> openapi::OpenApi {
    Document::openapi()
}

/// Adds what all operations have in common: the cookie, and the errors that any of them may answer.
pub fn finish(document: &mut openapi::OpenApi) {
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("nextmove")));
    document.components.get_or_insert_default().add_security_scheme("session", scheme);
    for (path, item) in &mut document.paths.paths {
        let writes = [&mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in writes.into_iter().flatten() {
            add(operation, "403", "Not allowed, or from another site");
            add(operation, "409", "Conflict: `reason` says which");
            add(operation, "422", "Refused: `field` and `reason` say what");
        }
        let all = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in all.into_iter().flatten() {
            name(operation);
            if path.starts_with("/api/") && !path.starts_with("/api/demo") {
                add(operation, "401", "No live session");
            }
            if path.contains('{') {
                add(operation, "404", "Not there, or not yours to see");
            }
            if path.ends_with("/session") {
                add(operation, "429", "Too many attempts: `retry_after` says when");
            }
            add(operation, "default", "Any other problem");
        }
    }
}

/// Two domains may both have a `list`; in the document each is `leads_list`, `campaigns_list`.
fn name(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
}

fn add(operation: &mut Operation, status: &str, description: &str) {
    let content = Content::new(Some(RefOr::from(Ref::from_schema_name("Problem"))));
    let response: Response =
        ResponseBuilder::new().description(description).content("application/problem+json", content).build();
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}
