// A short message at the bottom of the page, with one thing to do about it, gone after a while.

const place = document.getElementById("toasts");
const SHOWN_MS = 12_000;

/** Say `message`; `action` is {label, run} or nothing. A new message takes the place of the last. */
export function toast(message, action) {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(Object.assign(document.createElement("span"), { textContent: message }));
  const close = () => box.remove();
  if (action) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button button-small", textContent: action.label });
    button.addEventListener("click", () => {
      close();
      action.run();
    });
    box.append(button);
  }
  place.replaceChildren(box);
  let timer = setTimeout(close, SHOWN_MS);
  const hold = () => clearTimeout(timer);
  const release = () => {
    hold();
    timer = setTimeout(close, SHOWN_MS);
  };
  box.addEventListener("pointerenter", hold);
  box.addEventListener("pointerleave", release);
  box.addEventListener("focusin", hold);
  box.addEventListener("focusout", release);
}
