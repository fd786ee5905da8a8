// Saved functions: the keys of the invoke form on a function's page, and of "Save as function" on the playground.

const invoke = document.querySelector(".invoke-form");
invoke?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  invoke.requestSubmit();
});

const name = document.getElementById("function-name");
const save = document.getElementById("save-function");
name?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
  event.preventDefault(); // the form's default button runs
  document.getElementById("save-function-button").click();
});
name?.addEventListener("input", () => {
  document.getElementById("error-function_name").textContent = "";
  document.getElementById("save-answer").replaceChildren();
});

// What is wrong with another field is said there, behind the sheet: the sheet makes way.
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.id !== "save-function-button" || event.detail.xhr.status !== 422) return;
  const wrong = [...document.querySelectorAll(".field-error:not(:empty)")];
  if (wrong.some((field) => field.id === "error-function_name") || !wrong.length) return;
  save.hidePopover();
  wrong[0].scrollIntoView({ block: "center" });
});
