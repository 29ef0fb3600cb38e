//! OTLP over HTTP: one POST for each batch, in protobuf as it is or in compact JSON. HTTP/1.1 for `http`; for `https` what
//! the receiver prefers of HTTP/1.1 and HTTP/2.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Uri, header};

use super::connection::{HttpClient, RequestBody};
use super::reply;
use crate::export::outcome::Outcome;

/// What is sent.
pub(super) struct Post<'a> {
    pub(super) url: &'a Uri,
    /// The URL as messages may name it.
    pub(super) shown: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) content_type: &'static str,
    pub(super) content_encoding: Option<&'static str>,
    pub(super) body: Bytes,
    pub(super) items: u64,
}

/// Sends it, and judges the reply.
pub(super) async fn exchange(client: &HttpClient, post: Post<'_>) -> Outcome {
    let mut request = Request::new(RequestBody::new(post.body, Bytes::new()));
    *request.method_mut() = http::Method::POST;
    request.uri_mut().clone_from(post.url);
    let headers = request.headers_mut();
    *headers = post.headers;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(post.content_type));
    if let Some(encoding) = post.content_encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Some(authorization) = client.proxy_authorization(post.url) {
        headers.insert(header::PROXY_AUTHORIZATION, authorization);
    }
    match client.request(request).await {
        Ok(response) => reply::outcome(response, post.items, post.shown).await,
        Err(error) => reply::no_reply(&error, post.shown),
    }
}
