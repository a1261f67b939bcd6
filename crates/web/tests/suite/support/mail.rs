//! [`TestMailer`]: the mails that payers get.

use std::collections::VecDeque;
use std::sync::Mutex;

use domain::seams::BoxFuture;
use gateway::{Mail, MailError, Mailer};

/// Keeps sent mails, and fails as often as the test asks.
#[derive(Default)]
pub struct TestMailer {
    sent: Mutex<Vec<Mail>>,
    failures: Mutex<VecDeque<MailError>>,
}

impl TestMailer {
    /// The mails that were taken, in order.
    pub fn sent(&self) -> Vec<Mail> {
        self.sent.lock().unwrap().clone()
    }

    /// The next attempts end like this.
    pub fn fail(&self, errors: impl IntoIterator<Item = MailError>) {
        self.failures.lock().unwrap().extend(errors);
    }

    /// Failures that nobody has met.
    pub fn failures_left(&self) -> usize {
        self.failures.lock().unwrap().len()
    }
}

impl Mailer for TestMailer {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), MailError>> {
        let failure = self.failures.lock().unwrap().pop_front();
        let result = match failure {
            Some(error) => Err(error),
            None => {
                self.sent.lock().unwrap().push(mail);
                Ok(())
            }
        };
        Box::pin(std::future::ready(result))
    }
}
