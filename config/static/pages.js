// GOV.UK Frontend's behaviour, on the page and on what htmx puts into it later.
// The address stands on this script's own element: its name carries a hash.
const address = document.querySelector("script[data-govuk]").dataset.govuk;
document.body.classList.add("js-enabled", "govuk-frontend-supported");
const { initAll } = await import(address);
initAll();
document.body.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) initAll({ scope: event.detail.elt });
});
