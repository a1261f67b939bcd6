// Filters the list of banks while the payer types; without this, the form's search does it.
const search = document.getElementById("search");
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("[data-search]")) {
    row.hidden = !row.dataset.search.includes(wanted);
  }
});
