//! HTTP/1.1 by hand, as far as the load needs it: answers with a `content-length`, one at a time.

use anyhow::{Context, ensure};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A connection to `host:port`.
///
/// # Errors
/// If nobody listens there.
#[expect(clippy::disallowed_methods, reason = "the load is a client of its own, without seams")]
pub async fn connect(address: &str) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer into `answer` and returns the offset of its body.
///
/// # Errors
/// If the answer is truncated, too long, or has no length.
pub async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<usize> {
    answer.clear();
    loop {
        ensure!(stream.read_buf(answer).await? > 0, "the server closed the connection");
        ensure!(answer.len() <= ANSWER_BYTES_MAX, "the answer is too long");
        if let Some((body_at, length)) = head(answer)?
            && answer.len() >= body_at + length
        {
            ensure!(answer.len() == body_at + length, "more than one answer");
            return Ok(body_at);
        }
    }
}

/// Where the body begins and how long it is, once the head is complete.
fn head(answer: &[u8]) -> anyhow::Result<Option<(usize, usize)>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let length =
        header(&answer[..end], "content-length").context("an answer without `content-length`")?;
    Ok(Some((end + 4, length.parse()?)))
}

/// The value of a header in the head of an answer, which ends where the body begins.
#[must_use]
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let head = std::str::from_utf8(head).ok()?;
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_an_answer_is_read_once_it_is_complete() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nx: y\r\n\r\n{}";
        assert_eq!(head(answer).unwrap(), Some((answer.len() - 2, 12)));
        assert_eq!(head(&answer[..30]).unwrap(), None);
        assert!(head(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
