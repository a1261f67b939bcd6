// Banks that answer in the URL's fragment: the fragment never reaches a server by itself, so this
// page posts it and goes where the answer says. It is taken out of the address first.
(async () => {
  const address = location.href;
  const answer = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const status = document.getElementById("status");
  const tell = (text) => { status.textContent = text; };
  if (!answer) {
    tell("Your bank's answer is missing. If you have approved a payment, do not pay again before you have looked at your account.");
    return;
  }
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      const response = await fetch("/callback", {
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
        body: answer,
      });
      if (response.ok) {
        location.replace((await response.json()).location);
        return;
      }
      if (response.status < 500) {
        tell("Your bank's answer belongs to no payment here. If you have approved one, do not pay again before you have looked at your account.");
        return;
      }
    } catch (error) {
      // No connection: try again below.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
  }
  // Reloading tries again with the same answer.
  history.replaceState(null, "", address);
  tell("We could not receive your bank's answer. Please check your connection and reload this page.");
})();
