// Shows status and webhooks as they come, until the status is final and its webhook is here.
const order = document.getElementById("order");
if (order) {
  const id = order.dataset.paymentId;
  let looks = 0;
  const look = async () => {
    looks += 1;
    let done = false;
    try {
      const response = await fetch(`/demo/status?payment-id=${encodeURIComponent(id)}`);
      const now = await response.json();
      if (response.ok) {
        document.getElementById("status").textContent = now.status;
        document.getElementById("reason").textContent = now.reason;
        const rows = now.webhooks.map((webhook) => {
          const row = document.createElement("tr");
          for (const text of [webhook.kind, webhook.status, webhook.genuine ? "genuine" : "WRONG"]) {
            row.insertCell().textContent = text;
          }
          return row;
        });
        document.getElementById("webhooks").replaceChildren(...rows);
        done = now.final && now.webhooks.some((webhook) => webhook.status === now.status);
      }
    } catch (error) {
      // The sandbox may be restarting: look again.
    }
    // Quickly at first, then every five seconds, for an hour.
    if (!done && looks < 800) {
      setTimeout(look, looks < 100 ? 300 : 5000);
    }
  };
  look();
}
