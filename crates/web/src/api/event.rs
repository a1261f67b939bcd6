//! Webhook bodies (reference, section 7.3).

use domain::event::EventKind;
use domain::payment::Payment;
use gateway::EventRenderer;
use serde_json::json;
use store::events::PaymentEvent;

use super::v1::transfers;
use super::v2::payments::model;

/// Renders events in the public API's words.
pub struct PublicEvents;

impl EventRenderer for PublicEvents {
    fn render(&self, payment: &Payment, event: &PaymentEvent) -> Vec<u8> {
        let created_at_ms = event.changed.at.as_millisecond().to_string();
        let body = match event.kind {
            EventKind::TransferStatusChanged => json!({
                "id": event.id,
                "createdAtMs": created_at_ms,
                "transferStatusChanged": transfers::model::status_changed(payment, &event.changed),
            }),
            _ => json!({
                "id": event.id,
                "createdAtMs": created_at_ms,
                "eventType": event.kind.name(),
                "payment": model::Payment::at_event(payment, &event.changed),
            }),
        };
        body.to_string().into_bytes()
    }
}
