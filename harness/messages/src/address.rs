//! The addresses of requests: URLs and gRPC servers.

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

use crate::error::UrlError;

/// Parses a URL for requests.
///
/// # Errors
/// Returns a [`UrlError`] if the text is no `http` or `https` URL with a host.
///
/// ```
/// use crosscut_messages::http_url;
///
/// assert!(http_url("http://127.0.0.1:8080/healthz").is_ok());
/// assert!(http_url("ftp://127.0.0.1").is_err());
/// ```
pub fn http_url(text: &str) -> Result<Uri, UrlError> {
    let wrong = |reason: String| UrlError {
        text: text.to_owned(),
        reason,
    };
    let url: Uri = text.parse().map_err(|error| wrong(format!("{error}")))?;
    let known = [Some(&Scheme::HTTP), Some(&Scheme::HTTPS)].contains(&url.scheme());
    if !known {
        return Err(wrong(
            "it does not begin with http:// or https://".to_owned(),
        ));
    }
    if url.host().is_none_or(str::is_empty) {
        return Err(wrong("it names no host".to_owned()));
    }
    Ok(url)
}

/// Returns the URL with another path and query.
///
/// # Errors
/// Returns a [`UrlError`] if `path` is invalid or does not begin with a slash.
pub fn with_path(url: &Uri, path: &str) -> Result<Uri, UrlError> {
    let wrong = |reason: String| UrlError {
        text: path.to_owned(),
        reason,
    };
    if !path.starts_with('/') {
        return Err(wrong("a path begins with a slash".to_owned()));
    }
    let path: PathAndQuery = path.parse().map_err(|error| wrong(format!("{error}")))?;
    let mut parts = url.clone().into_parts();
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|error| wrong(error.to_string()))
}

/// Parses the address of a gRPC server: `host:port`, with TLS if `tls` is true, or a URL with a scheme.
///
/// # Errors
/// Returns a [`UrlError`] if the text is invalid or has a path.
pub fn grpc_origin(text: &str, tls: bool) -> Result<Uri, UrlError> {
    let wrong = |reason: &str| UrlError {
        text: text.to_owned(),
        reason: reason.to_owned(),
    };
    let url = if text.contains("://") {
        http_url(text)?
    } else {
        let scheme = if tls { "https" } else { "http" };
        let url = http_url(&format!("{scheme}://{text}"));
        let url = url.map_err(|error| wrong(&error.reason))?;
        if url.port().is_none() {
            return Err(wrong("it names no port"));
        }
        url
    };
    if url
        .path_and_query()
        .is_some_and(|path| path.as_str() != "/")
    {
        return Err(wrong("it has a path; the method says what is called"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{grpc_origin, http_url, with_path};

    #[rstest]
    #[case::plain("http://localhost:80/a?b=c", "")]
    #[case::tls("https://[::1]:443", "")]
    #[case::no_scheme("localhost:80", "it does not begin with http:// or https://")]
    #[case::no_scheme_but_a_path("/a", "it does not begin with http:// or https://")]
    #[case::another_scheme("ftp://localhost", "it does not begin with http:// or https://")]
    #[case::no_host("http://:80", "it names no host")]
    #[case::a_space("http://local host", "invalid")]
    #[case::nothing("", "empty string")]
    fn urls(#[case] text: &str, #[case] wrong: &str) {
        match http_url(text) {
            Ok(_) => assert_eq!(wrong, ""),
            Err(error) => assert!(!wrong.is_empty() && error.reason.contains(wrong), "{error}"),
        }
    }

    #[rstest]
    #[case::path("/b?c", Ok("http://localhost/b?c"))]
    #[case::no_slash("b", Err("a path begins with a slash"))]
    fn paths(#[case] path: &str, #[case] expected: Result<&str, &str>) {
        let url = http_url("http://localhost/a").unwrap();
        let found = with_path(&url, path).map(|url| url.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found.map_err(|error| error.reason), expected);
    }

    #[rstest]
    #[case::address("127.0.0.1:9004", false, Ok("http://127.0.0.1:9004/"))]
    #[case::address_with_tls("localhost:9004", true, Ok("https://localhost:9004/"))]
    #[case::url_with_tls("https://localhost", false, Ok("https://localhost/"))]
    #[case::no_port("localhost", false, Err("it names no port"))]
    #[case::a_path(
        "http://localhost:1/a",
        false,
        Err("it has a path; the method says what is called")
    )]
    fn origins(#[case] text: &str, #[case] tls: bool, #[case] expected: Result<&str, &str>) {
        let found = grpc_origin(text, tls).map(|url| url.to_string());
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(found.map_err(|error| error.reason), expected);
    }
}
