//! Requests with warnings, whose headers kube's own requests drop.

use http::{HeaderMap, Request, header};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::core::Status;
use serde_json::Value;

use crate::error::ApiError;

/// Returns the response to a request for JSON, with the texts of its warnings.
///
/// # Errors
/// Returns an [`ApiError`] as kube's own requests do.
pub(crate) async fn request(
    client: &kube::Client,
    request: Request<Vec<u8>>,
) -> Result<(Value, Vec<String>), ApiError> {
    let answer = client.send(request.map(Body::from)).await?;
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await?.to_bytes();
    if parts.status.is_client_error() || parts.status.is_server_error() {
        return Err(refused(parts.status.as_u16(), &bytes));
    }
    let value = serde_json::from_slice(&bytes);
    let value = value.map_err(|error| ApiError::Transport(Box::new(error)))?;
    Ok((value, warnings(&parts.headers)))
}

/// Returns the error of a response. A proxy's response has no Status.
fn refused(code: u16, body: &[u8]) -> ApiError {
    let status = serde_json::from_slice(body).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Status::failure(text.trim(), "Failed to parse error data").with_code(code)
    });
    ApiError::Refused(Box::new(status))
}

/// Returns the texts of the Warning headers (RFC 7234, 5.5): `299 - "text"`, separated by commas in one header.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::WARNING).iter();
    let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    values.flat_map(|value| quoted(&value)).collect()
}

/// Returns the first quoted string of each warning in a header, unescaped. A date may follow the string.
fn quoted(value: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut is_told = false;
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ',' => is_told = false,
            '"' => {
                let text = to_the_quote(&mut letters);
                if !std::mem::replace(&mut is_told, true) {
                    texts.push(text);
                }
            }
            _ => {}
        }
    }
    texts
}

fn to_the_quote(letters: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => text.extend(letters.next()),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};
    use rstest::rstest;

    use super::warnings;

    #[rstest]
    #[case::none(&[], &[])]
    #[case::one(&[r#"299 - "unknown field \"spec.x\"""#], &[r#"unknown field "spec.x""#])]
    #[case::several(&[r#"299 - "a""#, r#"299 - "b""#], &["a", "b"])]
    #[case::several_in_one(&[r#"299 - "a, b", 299 host "c\\d""#], &["a, b", r"c\d"])]
    #[case::with_a_date(&[r#"299 - "a" "Sat, 25 Aug 2012 23:34:45 GMT", 299 - "b""#], &["a", "b"])]
    #[case::nothing_quoted(&["299 - a"], &[])]
    #[case::no_end(&[r#"299 - "a"#], &["a"])]
    fn warnings_of_headers(#[case] values: &[&'static str], #[case] expected: &[&str]) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WARNING, HeaderValue::from_static(value));
        }
        assert_eq!(warnings(&headers), expected);
    }
}
