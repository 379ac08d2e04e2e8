//! The API's document: OpenAPI 3.1, from the handlers themselves. What any operation of a kind may answer is said here, once; a handler
//! says only what is its own. The document is held to its word by `scripts/check-api`.

use utoipa::{
    OpenApi,
    openapi::{
        self, Content, HeaderBuilder, HttpMethod, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, ParameterIn},
        schema::{ObjectBuilder, Type},
        security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme},
    },
};

use crate::error::Problem;

#[derive(OpenApi)]
#[openapi(
    info(title = "NextMove", description = "See docs/API.md for what types cannot tell."),
    components(schemas(Problem))
)]
struct Document;

const PROBLEM: &str = "application/problem+json";
const PROBLEM_SCHEMA: &str = "#/components/schemas/Problem";

/// The problems that operations of a kind have in common: status, name of the shared response, what it means.
const PROBLEMS: [(&str, &str, &str); 15] = [
    ("400", "Malformed", "The body is not JSON"),
    ("401", "Unauthenticated", "No live session"),
    ("403", "Forbidden", "Not allowed, or from another site"),
    ("404", "NotFound", "Not there, or not yours to see"),
    ("408", "TooSlow", "The body did not come in time"),
    ("409", "Conflict", "Conflict: `reason` says which"),
    ("412", "PreconditionFailed", "Changed meanwhile: `current_version` says what is current"),
    ("413", "TooLarge", "The body is too large"),
    ("414", "UriTooLong", "The address is too long"),
    ("415", "UnsupportedMediaType", "The body is not said to be JSON"),
    ("422", "Invalid", "Refused: `field` and `reason` say what"),
    ("428", "PreconditionRequired", "If-Match is missing"),
    ("429", "TooMany", "Too many attempts, or too much at a time: `retry_after` says when"),
    ("500", "Internal", "Something broke on our side; nothing was changed"),
    ("503", "Unavailable", "Not available just now; nothing was changed"),
];

pub fn document() -> openapi::OpenApi {
    Document::openapi()
}

/// Adds what all operations have in common: the cookie, and the problems that any of their kind may answer.
pub fn finish(document: &mut openapi::OpenApi) {
    let scheme = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("nextmove")));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("session", scheme);
    for (status, name, description) in PROBLEMS {
        components.responses.insert(name.to_owned(), problem(status, description).into());
    }
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            name(operation);
            if is_guarded(path) {
                operation.security.get_or_insert_with(|| vec![SecurityRequirement::new("session", [""; 0])]);
            }
            tell_problems_as_such(operation);
            for status in common(path, &method, operation) {
                let (_, name, _) = PROBLEMS.iter().find(|(known, ..)| *known == status).expect("it is shared");
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| RefOr::Ref(Ref::from_response_name(*name)));
            }
        }
    }
}

/// Whether it needs a session: all but what opens one.
fn is_guarded(path: &str) -> bool {
    path.starts_with("/api/") && !path.starts_with("/api/demo")
}

/// The statuses that an operation of this kind may answer, whatever it does.
fn common(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<&'static str> {
    let mut statuses = vec!["414", "429", "500", "503"];
    let has = |place: ParameterIn| {
        let mut parameters = operation.parameters.iter().flatten();
        parameters.any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == place))
    };
    if is_guarded(path) {
        statuses.extend(["401", "403"]);
    }
    if path.contains('{') || path.starts_with("/api/demo") {
        statuses.push("404");
    }
    if *method != HttpMethod::Get {
        // The key of a repeated request; and whatever state something is in.
        statuses.extend(["403", "409", "422"]);
    }
    if has(ParameterIn::Query) || has(ParameterIn::Header) {
        statuses.push("422");
    }
    if has(ParameterIn::Header) {
        statuses.extend(["412", "428"]);
    }
    if operation.request_body.is_some() {
        statuses.extend(["400", "408", "413", "415", "422"]);
    }
    statuses
}

/// A handler says `body = Problem`; its media type is always the same.
fn tell_problems_as_such(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let Some(content) = response.content.swap_remove("application/json") else { continue };
        let is_problem = matches!(&content, RefOr::T(Content { schema: Some(RefOr::Ref(to)), .. }) if to.ref_location == PROBLEM_SCHEMA);
        response.content.insert(if is_problem { PROBLEM } else { "application/json" }.to_owned(), content);
    }
}

/// Two domains may both have a `list`; in the document each is `leads_list`, `campaigns_list`.
fn name(operation: &mut Operation) {
    let tag = operation.tags.as_ref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    operation.operation_id = operation.operation_id.take().map(|id| format!("{tag}_{id}"));
}

fn problem(status: &str, description: &str) -> Response {
    let content = Content::new(Some(RefOr::from(Ref::from_schema_name("Problem"))));
    let response = ResponseBuilder::new().description(description).content(PROBLEM, content);
    if !matches!(status, "429" | "503") {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds"));
    response.header("Retry-After", header.build()).build()
}
