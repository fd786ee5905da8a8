// The playground page: makes the parts and ties them together. Each part is a module of its own beside this one.
import { CodeFiles } from "./code_files.js";
import { DraftKeeper } from "./draft.js";
import { EventEditor } from "./event_editor.js";
import { eventWasEdited, startEvents } from "./events.js";
import { startConfiguration } from "./configuration.js";
import { setError, startErrors } from "./errors.js";
import { startFileActions } from "./file_actions.js";
import { startHandler } from "./handler.js";
import { startPicker } from "./picker.js";
import { startStarters } from "./starters.js";
import { startUpload } from "./upload.js";
import { startVariables } from "./variables.js";

const form = document.getElementById("playground");
const run = () => form.requestSubmit(document.getElementById("run"));

const files = new CodeFiles({
  onRun: run,
  onChange: ({ isOpening = false } = {}) => {
    if (!isOpening) setError("code", "");
    keeper.changed();
    document.body.dispatchEvent(new CustomEvent("playground:code"));
  },
});
const event = new EventEditor({
  onRun: run,
  onChange: () => {
    eventWasEdited();
    keeper.changed();
  },
});
const keeper = new DraftKeeper(files, event);

await files.load(sourcesInPage(), { isListed: true });
form.classList.add("is-edited");
document.getElementById("sources").replaceChildren(); // the editor sends the texts from now on

startVariables();
startConfiguration();
startErrors();
startHandler(() => keeper.changed());
startStarters(keeper);
startEvents(event, () => keeper.changed());
startFileActions(files, keeper);
startUpload(keeper);
startPicker("event-picker");
startPicker("starter-picker");
form.addEventListener("input", () => keeper.changed());
form.addEventListener("change", () => keeper.changed());
await keeper.start();

document.addEventListener("keydown", (key) => {
  if (key.key !== "Enter" || !(key.ctrlKey || key.metaKey) || key.defaultPrevented) return;
  if (document.querySelector("dialog[open], :popover-open")) return;
  key.preventDefault();
  run();
});
if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const kbd of document.querySelectorAll("[data-mod-key]")) kbd.textContent = "⌘";
}

/** What other scripts, and a traceback's links, may ask of the editor. */
window.playground = {
  editor: {
    goto: (path, line) => files.goto(path, line),
    text: (path) => files.text(path),
  },
  draft: {
    collect: () => keeper.collect(),
    replace: (draft, message) => keeper.replace(draft, message),
  },
};
form.dataset.ready = "true";

function sourcesInPage() {
  const fields = [...document.querySelectorAll("#sources [data-path]")];
  return {
    files: Object.fromEntries(fields.map((field) => [field.dataset.path, field.value])),
    base_package: form.elements.base_package.value,
    deleted: [...document.querySelectorAll("#deleted-files input")].map((input) => input.value),
    open: form.dataset.open,
  };
}
