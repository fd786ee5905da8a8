// The sentences at the fields: which control each belongs to, so that it is announced, shown and goes when mended.

const form = document.getElementById("playground");
const slots = () => [...document.querySelectorAll("[id^='error-']")];
const fieldOf = (slot) => slot.id.slice("error-".length);

function controlOf(field) {
  if (field === "code" || field === "event") return document.querySelector(`#${field}-editor .cm-content`) ?? form.elements[field];
  if (field === "environment") return document.querySelector("#variable-rows input") ?? document.getElementById("variable-add");
  if (field === "architecture") return form.elements.architecture[0];
  return document.getElementById(field);
}

/** Put `sentence` at `field`; "" takes it away. */
export function setError(field, sentence) {
  const slot = document.getElementById(`error-${field}`);
  if (slot) slot.textContent = sentence;
  mark();
}

export function startErrors() {
  mark();
  document.body.addEventListener("htmx:afterRequest", (event) => {
    mark();
    if (event.detail.xhr?.status === 422) focusFirst();
  });
  form.addEventListener("input", (event) => {
    const field = event.target.name;
    const slot = field && document.getElementById(`error-${field}`);
    if (slot?.textContent) setError(field, "");
  });
}

function mark() {
  for (const slot of slots()) {
    const control = controlOf(fieldOf(slot));
    if (slot.textContent.trim()) control?.setAttribute("aria-invalid", "true");
    else control?.removeAttribute("aria-invalid");
  }
}

function focusFirst() {
  const slot = slots().find((candidate) => candidate.textContent.trim());
  if (!slot) return;
  slot.closest("details")?.setAttribute("open", "");
  const control = controlOf(fieldOf(slot));
  control?.focus({ preventScroll: true });
  slot.scrollIntoView({ block: "center", behavior: "smooth" });
}
