// Whoever is chosen from the address book stands in the fields at once. Without this script the
// server fills them in when the form is sent.
const chosen = document.getElementById("contact");
const book = document.getElementById("book");

chosen?.addEventListener("input", () => {
  const found = [...book.options].find((option) => option.value === chosen.value);
  if (!found) return;
  document.getElementById("recipient").value = found.dataset.name;
  document.getElementById("organisation").value = found.dataset.organisation;
  document.getElementById("email").value = found.dataset.email;
});
