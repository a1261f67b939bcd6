// Takes the payer on: now, or as soon as the payment has moved. Without JavaScript the page does it by
// its <noscript> part.
(() => {
  const onward = document.querySelector("[data-onward]");
  const next = onward.dataset.onward;
  if (onward.dataset.when === "now") {
    location.replace(next);
    return;
  }
  // The page as the server sent it, to compare it with how the server sends it later.
  const seen = document.querySelector("main").innerHTML;
  // Once a second at first, then every three seconds, for at most 40 minutes in all.
  const QUICK_LOOKS = 30;
  const LOOKS_MAX = 820;
  let looks = 0;
  const look = async () => {
    looks += 1;
    try {
      const response = await fetch(next);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const main = page.querySelector("main");
      if (response.ok && main && main.innerHTML !== seen) {
        location.replace(response.url);
        return;
      }
    } catch (error) {
      // No connection: looked at again below.
    }
    if (looks < LOOKS_MAX) {
      setTimeout(look, looks < QUICK_LOOKS ? 1000 : 3000);
      return;
    }
    document.querySelector("[role=status]").textContent = onward.dataset.tooLong;
  };
  setTimeout(look, 1000);
})();
