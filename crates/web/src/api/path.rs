//! Parameters in the path.

use axum::extract::{FromRequestParts, Path as AxumPath};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::ApiError;

/// The path's parameters, percent-decoded. A path that does not decode to UTF-8 names nothing, so
/// it is answered like any other URL that does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, ApiError> {
        match AxumPath::from_request_parts(parts, state).await {
            Ok(AxumPath(parameters)) => Ok(Path(parameters)),
            Err(_) => Err(ApiError::no_such_url()),
        }
    }
}
