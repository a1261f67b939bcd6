//! Webhook bodies (reference, section 7.3).

use domain::payment::Payment;
use gateway::EventRenderer;
use serde_json::json;
use store::events::PaymentEvent;

use super::v2::payments::model;

/// Renders events in the public API's words.
pub struct PublicEvents;

impl EventRenderer for PublicEvents {
    fn render(&self, payment: &Payment, event: &PaymentEvent) -> Vec<u8> {
        let body = json!({
            "id": event.id,
            "createdAtMs": event.changed.at.as_millisecond().to_string(),
            "eventType": event.kind.name(),
            "payment": model::Payment::at_event(payment, &event.changed),
        });
        body.to_string().into_bytes()
    }
}
