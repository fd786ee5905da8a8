// The event: an editor that checks its JSON as it is typed, and keeps the form's own field up to date.
import { Editor } from "./editor.js";
import { checkJson } from "./json_check.js";

const field = document.getElementById("event");
const error = () => document.getElementById("error-event");
const MAX_BYTES = Number(field.dataset.maxBytes);

export class EventEditor {
  constructor({ onChange, onRun }) {
    this.editor = new Editor({
      parent: document.getElementById("event-editor"),
      label: "Event, as JSON",
      describedBy: "error-event editor-help",
      onChange: () => {
        this.#checkSoon();
        onChange();
      },
      onRun,
    });
    this.load(field.value);
    field.form.addEventListener("formdata", (event) => event.formData.set("event", this.editor.text));
  }

  get text() {
    return this.editor.text;
  }

  /** Another event from the start: undo does not lead back past it. */
  load(text) {
    this.editor.show(this.editor.newState(text, "json"), "json");
    this.check();
  }

  /** Another text for the same event: undo brings the old one back. */
  replace(text) {
    this.editor.replace(text);
    this.check();
  }

  /** Mark what is wrong with the JSON; true where nothing is. */
  check() {
    clearTimeout(this.timer);
    const size = new Blob([this.text]).size;
    const wrong = size > MAX_BYTES ? tooLarge(size) : checkJson(this.text);
    const { length } = this.editor.view.state.doc;
    const from = Math.min(wrong?.from ?? 0, length);
    this.editor.diagnose(from, Math.min(from + 1, length), wrong?.message ?? "");
    this.editor.mark(wrong ? wrong.line : null);
    error().textContent = wrong?.message ?? "";
    if (wrong) this.editor.view.contentDOM.setAttribute("aria-invalid", "true");
    else this.editor.view.contentDOM.removeAttribute("aria-invalid");
    return !wrong;
  }

  // An error that is there goes as soon as it is mended; a new one waits until the typing stops.
  #checkSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(), error().textContent ? 150 : 700);
  }
}

function tooLarge(size) {
  return {
    line: null,
    from: 0,
    message: `Request must be smaller than ${MAX_BYTES} bytes for the InvokeFunction operation. This event has ${size.toLocaleString("en")} bytes.`,
  };
}
