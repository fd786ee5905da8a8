// The handler's name: taken from the code until a person types one, offered as a hint from then on.

const field = document.getElementById("handler");
const hint = document.getElementById("handler-hint");

export function startHandler(changed) {
  field.addEventListener("input", () => {
    field.dataset.typed = String(field.value.trim() !== "");
    document.body.dispatchEvent(new CustomEvent("playground:code"));
  });
  hint.addEventListener("htmx:afterSwap", () => {
    const offer = hint.querySelector("[data-use-handler]");
    if (offer && field.dataset.typed !== "true") use(offer, changed);
  });
  hint.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-use-handler]");
    if (!offer) return;
    use(offer, changed);
    field.focus();
  });
}

function use(offer, changed) {
  field.value = offer.dataset.useHandler;
  field.dataset.typed = "false";
  hint.replaceChildren();
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dataset.typed = "false";
  changed();
}
