//! Words of HTTP that every domain uses: JSON bodies whose errors are problems, pages, versions.

use axum::{
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
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(error)) => {
                Err(Error::Invalid { field: "body".into(), reason: "shape", detail: error.body_text().into() })
            }
            Err(JsonRejection::BytesRejection(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Error::TooLarge)
            }
            Err(error) => Err(Error::Malformed(error.body_text())),
        }
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
