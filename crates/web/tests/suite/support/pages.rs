//! The payer's browser at our pages.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::body::Body;
use http::Request;

use super::{Answer, World};

/// The cookies that the payer's browser keeps, by name.
pub type Cookies = Mutex<BTreeMap<String, String>>;

impl World {
    /// Fetches a page as a browser does.
    pub async fn page(&self, path: &str) -> Answer {
        let request = Request::get(path).header("cookie", self.cookies_for(path));
        let answer = self.send(request.body(Body::empty()).unwrap()).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            if cookie.starts_with("bascule-lang=") {
                continue;
            }
            assert!(cookie.contains("; Path=/callback;"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.browser.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The cookies that the browser sends with a request of its own site.
    pub fn cookies_for(&self, path: &str) -> String {
        let kept = self.browser.lock().unwrap();
        let kept = kept.iter().filter(|_| path.starts_with("/callback"));
        kept.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The same person at another browser; the cookies of the first.
    pub fn change_browser(&self, cookies: BTreeMap<String, String>) -> BTreeMap<String, String> {
        std::mem::replace(&mut *self.browser.lock().unwrap(), cookies)
    }

    /// Sends a form as a browser does.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let id = path.split('/').find(|part| part.contains(':')).unwrap_or_default();
        let visit = self.app.visit_token(id.split('?').next().unwrap());
        let fields: Vec<_> =
            [("bascule-visit", visit.as_str())].iter().chain(fields).copied().collect();
        self.submit_as_it_is(path, &fields).await
    }

    /// A page without what [`World::submit`] adds to its forms.
    pub async fn page_of_questions(&self, path: &str) -> String {
        let html = self.page(path).await.text();
        html.lines().filter(|line| !line.contains("bascule-visit")).collect::<Vec<_>>().join("\n")
    }

    /// Sends a form without the visit token of its page.
    pub async fn submit_as_it_is(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let form =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.send(request).await
    }
}
