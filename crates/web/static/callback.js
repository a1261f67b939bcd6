// Banks that answer in the URL's fragment: the fragment never reaches a server by itself, so this
// page posts it and goes where the answer says. It is taken out of the address first. The page brings
// what the payer reads.
(async () => {
  const address = location.href;
  const answer = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  const status = document.getElementById("status");
  const tell = (text) => { status.textContent = text; };
  if (!answer) {
    tell(status.dataset.missing);
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
        tell(status.dataset.notOurs);
        return;
      }
    } catch (error) {
      // No connection: try again below.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * attempt));
  }
  // Reloading tries again with the same answer.
  history.replaceState(null, "", address);
  tell(status.dataset.notReceived);
})();
