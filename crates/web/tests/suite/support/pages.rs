//! The payer's browser at our pages.

use axum::body::Body;
use http::Request;

use super::{Answer, World};

impl World {
    /// Fetches a page as a browser does.
    pub async fn page(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
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
