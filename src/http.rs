//! Words of HTTP that every domain uses: JSON bodies whose errors are problems, pages, versions.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::Engine;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::error::{Error, Result};

/// A JSON body. What does not fit is answered with a problem that names where.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Error::UnsupportedMedia);
        }
        let bytes = body(request, state).await?;
        refuse_nul(&bytes)?;
        refuse_other_than_object(&bytes)?;
        match axum::Json::<T>::from_bytes(&bytes) {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                Err(Error::Invalid { field: "body".into(), reason: "shape", detail: error.body_text().into() })
            }
            Err(error) => Err(Error::Malformed(error.body_text())),
        }
    }
}

/// For a field that may be null and must be there: left out by mistake, it must not be read as "nobody".
pub fn nullable<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// The body's bytes, within the route's limit.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|error| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge,
        _ => Error::of_body(&error),
    })
}

/// `application/json`, or a type that is written in it.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// All our bodies are objects; serde would also take a list, field by field.
fn refuse_other_than_object(json: &[u8]) -> Result<()> {
    let is_object = json.trim_ascii_start().first().is_none_or(|first| *first == b'{');
    if is_object || serde_json::from_slice::<serde::de::IgnoredAny>(json).is_err() {
        return Ok(()); // what is not JSON is told so
    }
    Err(Error::Invalid { field: "body".into(), reason: "shape", detail: "A JSON object is needed.".into() })
}

/// PostgreSQL keeps no U+0000 in a text. JSON can only write it as an escape.
fn refuse_nul(json: &[u8]) -> Result<()> {
    if !json.windows(6).any(|six| six == b"\\u0000") {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice(json) else { return Ok(()) }; // not JSON: that is said instead
    match field_with_nul(&value, "") {
        Some(field) => Err(Error::Invalid {
            field: if field.is_empty() { "body".into() } else { field.into() },
            reason: "control_characters",
            detail: "A text cannot hold the character U+0000.".into(),
        }),
        None => Ok(()), // a backslash and five more letters
    }
}

fn field_with_nul(value: &serde_json::Value, path: &str) -> Option<String> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        serde_json::Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        serde_json::Value::Array(items) => {
            items.iter().enumerate().find_map(|(at, item)| field_with_nul(item, &below(&at.to_string())))
        }
        serde_json::Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            if name.contains('\0') { Some(path.to_owned()) } else { field_with_nul(field, &below(name)) }
        }),
        _ => None,
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Query parameters.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let detail = "A text cannot hold the character U+0000.".into();
            return Err(Error::Invalid { field: "query".into(), reason: "control_characters", detail });
        }
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => {
                Err(Error::Invalid { field: "query".into(), reason: "shape", detail: error.body_text().into() })
            }
        }
    }
}

/// An id in the path. One that is no id is simply not there.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let axum::extract::Path(value) =
            axum::extract::Path::<T>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound)?;
        Ok(Self(value))
    }
}

/// A list that is given whole.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// A part of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor` for what comes next; null at the end.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// A cursor is opaque to the caller: the sort key of the last row, in base64.
pub fn encode_cursor(key: &impl Serialize) -> Result<String> {
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(serde_json::to_vec(key)?))
}

pub fn decode_cursor<T: DeserializeOwned>(cursor: &str) -> Result<T> {
    let refused = || Error::invalid("cursor", "cursor_invalid", "This cursor did not come from us.");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    serde_json::from_slice(&bytes).map_err(|_| refused())
}

/// An answer with the `ETag` of its version.
pub struct Versioned<T>(pub T, pub i32);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.0).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.1)) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The version of `If-Match: "7"`.
#[derive(Clone, Copy, Debug)]
pub struct IfMatch(pub i32);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        if_match(&parts.headers)?.map(Self).ok_or(Error::PreconditionRequired)
    }
}

fn if_match(headers: &HeaderMap) -> Result<Option<i32>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let refused = || Error::invalid("If-Match", "version_invalid", "If-Match holds one version, in quotes: \"7\".");
    let text = value.to_str().map_err(|_| refused())?.trim();
    let text = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    text.parse().map(Some).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_or_are_refused() {
        let cursor = encode_cursor(&(1, "x")).expect("encodes");
        assert_eq!(decode_cursor::<(i32, String)>(&cursor).expect("decodes"), (1, "x".to_owned()));
        for bad in ["", "!!", "AAAA", &cursor[1..]] {
            assert!(decode_cursor::<(i32, String)>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn if_match_reads_quotes_and_refuses_words() {
        let read =
            |text: &'static str| if_match(&HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(text))]));
        assert_eq!(read("\"7\"").expect("reads"), Some(7));
        assert_eq!(read("W/\"7\"").expect("reads"), Some(7));
        assert!(read("*").is_err());
    }
}
