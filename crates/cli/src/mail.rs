//! The real mailers: a server, or a folder of files that every mail program opens.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use domain::seams::BoxFuture;
use gateway::{Mail, MailError, Mailer};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport, Tokio1Executor};

/// How long the server may take for one step of a mail.
const SMTP_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(20);

/// The mail as it travels; its id is stable, so that a mail that is sent twice is shown once.
fn message(from: &Mailbox, mail: &Mail) -> Result<Message, MailError> {
    let refused = |error: &dyn std::fmt::Display| MailError::Refused(error.to_string());
    let to = mail.to.as_str().parse().map_err(|_| refused(&"the address cannot be used"))?;
    let host = from.email.domain();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .message_id(Some(format!("<{}@{host}>", mail.id)))
        .subject(&mail.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.text.clone())
        .map_err(|error| refused(&error))
}

fn sender(text: &str) -> anyhow::Result<Mailbox> {
    text.parse().map_err(|error| {
        anyhow!(
            "--mail-from `{text}` is no sender of mail ({error}); expected is an address, with a name \
             where you like: Shop receipts <receipts@shop.example>"
        )
    })
}

/// Sends by a server (SMTP).
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// By the server at `url`, in the name of `from`.
    ///
    /// # Errors
    /// If one of them cannot be used; the URL may hold a password and is not repeated.
    pub fn new(url: &str, from: &str) -> anyhow::Result<SmtpMailer> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| {
                anyhow!(
                    "--smtp-url cannot be used: {error}; expected is such as \
                     smtps://user:password@host or smtp://localhost:1025"
                )
            })?
            .timeout(Some(SMTP_TIMEOUT))
            .build();
        Ok(SmtpMailer { transport, from: sender(from)? })
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            let message = message(&self.from, &mail)?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                // A server's text may repeat the address: the code is enough.
                Err(error) if error.is_permanent() => Err(MailError::Refused(said(&error))),
                Err(error) => Err(MailError::Later(said(&error))),
            }
        })
    }
}

fn said(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => "the mail server did not answer".to_owned(),
    }
}

/// Writes each mail into a file of a folder.
pub struct FolderMailer {
    folder: PathBuf,
    from: Mailbox,
}

impl FolderMailer {
    /// Into `folder`, which is made with the first mail, in the name of `from`.
    ///
    /// # Errors
    /// If `from` is no sender.
    pub fn new(folder: PathBuf, from: &str) -> anyhow::Result<FolderMailer> {
        Ok(FolderMailer { folder, from: sender(from)? })
    }

    fn write(&self, mail: &Mail, message: &Message) -> anyhow::Result<()> {
        crate::data_dir::make_private_directory(&self.folder).context("the folder")?;
        // The whole file or none.
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).context("a file")?;
        std::io::Write::write_all(&mut file, &message.formatted()).context("its content")?;
        file.persist(self.folder.join(format!("{}.eml", mail.id))).context("its name")?;
        Ok(())
    }
}

impl Mailer for FolderMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        Box::pin(async move {
            let message = message(&self.from, &mail)?;
            self.write(&mail, &message).map_err(|error| MailError::Later(format!("{error:#}")))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            id: "receipt-1".to_owned(),
            to: "payer@mail.example".parse().unwrap(),
            subject: "Receipt: 10.23 GBP to Café".to_owned(),
            text: "You paid 10.23 GBP to Café.\n".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_mail_is_one_file_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipts");
        let mailer = FolderMailer::new(path.clone(), "Shop <receipts@shop.example>").unwrap();
        for _ in 0..2 {
            mailer.send(mail()).await.unwrap();
        }
        let files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|one| one.unwrap()).collect();
        assert_eq!(files.len(), 1);
        let text = std::fs::read_to_string(path.join("receipt-1.eml")).unwrap();
        for line in [
            "From: Shop <receipts@shop.example>",
            "To: payer@mail.example",
            "Message-ID: <receipt-1@shop.example>",
        ] {
            assert!(text.lines().any(|other| other == line), "{text}");
        }
    }

    #[test]
    fn a_subject_is_encoded_and_never_becomes_a_header() {
        let from = sender("receipts@shop.example").unwrap();
        let subject = "Receipt: 10.23 GBP to Café\r\nBcc: other@mail.example\r\n\r\nText";
        let made = message(&from, &Mail { subject: subject.to_owned(), ..mail() }).unwrap();
        let text = String::from_utf8(made.formatted()).unwrap();
        let (headers, _) = text.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> =
            headers.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        assert!(headers.is_ascii() && headers.contains("=?utf-8?b?"), "{headers}");
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{headers}");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_tried_later() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipts");
        std::fs::write(&path, "a file in the folder's place").unwrap();
        let mailer = FolderMailer::new(path, "receipts@shop.example").unwrap();
        assert!(matches!(mailer.send(mail()).await, Err(MailError::Later(_))));
    }

    /// A server that accepts one mail, and answers for the recipient with the given line.
    async fn server(of_recipient: &'static str) -> (String, tokio::task::JoinHandle<String>) {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 ready\r\n").await.unwrap();
            let (mut told, mut in_data) = (String::new(), false);
            while let Ok(Some(line)) = lines.next_line().await {
                told.push_str(&line);
                told.push('\n');
                let answer = match line.as_str() {
                    "." => "250 taken\r\n",
                    _ if in_data => continue,
                    "DATA" => "354 go on\r\n",
                    "QUIT" => break,
                    other if other.starts_with("RCPT") => of_recipient,
                    _ => "250 ok\r\n",
                };
                in_data = line == "DATA";
                write.write_all(answer.as_bytes()).await.unwrap();
            }
            told
        });
        (url, told)
    }

    #[tokio::test]
    async fn a_server_takes_a_mail_or_refuses_it_for_now_or_for_ever() {
        let (url, told) = server("250 ok\r\n").await;
        let mailer = SmtpMailer::new(&url, "receipts@shop.example").unwrap();
        mailer.send(mail()).await.unwrap();
        drop(mailer);
        let told = told.await.unwrap();
        assert!(told.contains("MAIL FROM:<receipts@shop.example>"), "{told}");
        assert!(told.contains("RCPT TO:<payer@mail.example>"), "{told}");
        for (answer, expected) in [
            (
                "450 payer@mail.example is busy\r\n",
                MailError::Later("the mail server answered 450".into()),
            ),
            (
                "550 payer@mail.example is nobody\r\n",
                MailError::Refused("the mail server answered 550".into()),
            ),
        ] {
            let (url, _) = server(answer).await;
            let mailer = SmtpMailer::new(&url, "receipts@shop.example").unwrap();
            assert_eq!(mailer.send(mail()).await, Err(expected));
        }
        // Nobody listens.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
        drop(listener);
        let mailer = SmtpMailer::new(&url, "receipts@shop.example").unwrap();
        let expected = MailError::Later("the mail server did not answer".to_owned());
        assert_eq!(mailer.send(mail()).await, Err(expected));
    }

    #[test]
    fn what_cannot_be_used_is_said_without_the_password() {
        let error = SmtpMailer::new("http://user:secret@host", "a@b.example").err().unwrap();
        assert!(error.to_string().starts_with("--smtp-url cannot be used"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(FolderMailer::new(PathBuf::from("a"), "nobody").is_err());
    }
}
