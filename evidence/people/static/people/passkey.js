// Wires a page's passkey buttons to the library's ceremony. The page says which in data attributes.
(() => {
  "use strict";
  const error = document.getElementById("passkey-error");
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    if (error) error.hidden = false;
  });
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const ids = { credential: button.dataset.credential, data: "js_data" };
    const kind = button.dataset.passkey;
    ids[{ login: "login", add: "add", authenticate: "authenticate" }[kind]] = button.id;
    if (button.dataset.passwordless) ids.passwordless = button.dataset.passwordless;
    window.allauth.webauthn.forms[`${kind}Form`]({ ids });
    button.hidden = false;
  }
})();
