// What one does with a result: follow a traceback into the editor, copy, and have a number explained.

const HOVER_MS = 120;

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-file][data-line]");
  if (link && window.playground?.editor) {
    event.preventDefault();
    window.playground.editor.goto(link.dataset.file, Number(link.dataset.line));
  }
  const copier = event.target.closest?.("[data-copy]");
  if (copier) copy(copier);
});

/** Copy what the button's selector names: a field's value, or the text of every element found, a line each. */
async function copy(button) {
  const found = [...document.querySelectorAll(button.dataset.copy)];
  const text = found.map((element) => element.value ?? element.textContent).join("\n");
  const done = (await written(text)) ? "Copied" : "Not allowed";
  const before = (button.dataset.label ??= button.textContent);
  button.textContent = done;
  setTimeout(() => (button.textContent = before), 1500);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea"); // the clipboard is for secure pages only
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

// Explanations are popovers, which open on click and tap by themselves; hovering and focus open them too.

const why = (button) => document.getElementById(button.getAttribute("popovertarget"));
let shown = null;
let timer = 0;

function show(button) {
  const note = why(button);
  if (!note || note.matches(":popover-open")) return;
  note.showPopover();
  place(note, button);
  shown = { button, note };
}

function hide() {
  clearTimeout(timer);
  if (shown?.note.matches(":popover-open")) shown.note.hidePopover();
  shown = null;
}

function place(note, button) {
  const at = button.getBoundingClientRect();
  const box = note.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - box.width - 8));
  const below = at.bottom + 6 + box.height < window.innerHeight;
  note.style.inset = "auto";
  note.style.left = `${left}px`;
  note.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - 6 - box.height)}px`;
}

const explained = (event) => event.target.closest?.(".explain");

document.addEventListener("pointerover", (event) => {
  const button = explained(event);
  if (!button || event.pointerType !== "mouse" || shown?.button === button) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(button), HOVER_MS);
});
document.addEventListener("pointerout", (event) => {
  const button = explained(event);
  if (!button || event.pointerType !== "mouse" || button.contains(event.relatedTarget)) return;
  clearTimeout(timer);
  if (shown?.button === button && !shown.pinned) hide();
});
document.addEventListener("focusin", (event) => {
  const button = explained(event);
  if (button?.matches(":focus-visible")) show(button);
});
document.addEventListener("focusout", (event) => explained(event) && hide());
document.addEventListener("click", (event) => {
  const button = explained(event);
  if (!button) return;
  event.preventDefault(); // or the click would close what hovering has opened
  if (shown?.button === button && shown.pinned) return hide();
  show(button);
  if (shown) shown.pinned = true;
});
for (const name of ["scroll", "resize"]) {
  window.addEventListener(name, () => shown && follow(shown), { passive: true });
}

/** Keep the explanation beside its number, until that has left the screen. */
function follow({ note, button }) {
  const { top, bottom } = button.getBoundingClientRect();
  if (!note.matches(":popover-open")) shown = null;
  else if (bottom < 0 || top > window.innerHeight) hide();
  else place(note, button);
}

function enhance(root) {
  for (const button of root.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt.parentElement ?? document));
enhance(document);
