//! Webhook bodies (reference, section 7.3).

use domain::bank_outage::OutageChanged;
use domain::event::EventKind;
use domain::payment::{Payment, PaymentChanged};
use gateway::events::{Announced, EventRenderer};
use serde_json::{Value, json};
use store::events::Event;

use super::v1::{standing_orders, transfers};
use super::v2::payments::model;

/// Renders events in the public API's words.
pub struct PublicEvents;

impl EventRenderer for PublicEvents {
    fn render(&self, announced: &Announced) -> Vec<u8> {
        let body = match announced {
            Announced::Payment(payment, event) => of_payment(payment, event),
            Announced::BankOutage(event) => of_outage(event),
        };
        body.to_string().into_bytes()
    }
}

/// Unpublished but for its two statuses; in the form of its neighbours.
fn of_outage(event: &Event<OutageChanged>) -> Value {
    let OutageChanged { bank_id, previous, current, at } = &event.changed;
    json!({
        "id": event.id,
        "createdAtMs": at.as_millisecond().to_string(),
        "bankSipOutageStatusChanged": {
            "bankId": bank_id,
            "previousOutageStatus": previous.name(),
            "currentOutageStatus": current.name(),
        },
    })
}

fn of_payment(payment: &Payment, event: &Event<PaymentChanged>) -> Value {
    let created_at_ms = event.changed.at.as_millisecond().to_string();
    match event.kind {
        EventKind::TransferStatusChanged => json!({
            "id": event.id,
            "createdAtMs": created_at_ms,
            "transferStatusChanged": transfers::model::status_changed(payment, &event.changed),
        }),
        EventKind::StandingOrderStatusChanged => json!({
            "id": event.id,
            "createdAtMs": created_at_ms,
            "standingOrderStatusChanged":
                standing_orders::model::status_changed(payment, &event.changed),
        }),
        _ => json!({
            "id": event.id,
            "createdAtMs": created_at_ms,
            "eventType": event.kind.name(),
            "payment": model::Payment::at_event(payment, &event.changed),
        }),
    }
}
