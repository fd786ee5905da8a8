// The function's files: which there are, which is open, what was edited. The tree is drawn by the server.
import { Editor, languageOf } from "./editor.js";

const form = document.getElementById("playground");
const area = document.getElementById("code-area");
const tree = () => document.getElementById("file-tree");
const row = (path) => [...tree().querySelectorAll("[data-path]")].find((button) => button.dataset.path === path);

/** The files of the draft in the form. `onChange` is called whenever what would be sent has changed. */
export class CodeFiles {
  constructor({ onChange, onRun }) {
    this.onChange = onChange;
    this.states = new Map(); // path → editor state, of every file that was edited, added or opened
    this.deleted = new Set();
    this.open = "";
    this.editor = new Editor({
      parent: document.getElementById("code-editor"),
      label: "Code",
      describedBy: "error-code editor-help",
      onChange: () => this.onChange(),
      onRun,
    });
    form.addEventListener("formdata", (event) => this.addTo(event.formData));
    area.addEventListener("click", (event) => {
      const button = event.target.closest("[data-path]");
      if (!button) return;
      event.preventDefault();
      this.openFile(button.dataset.path);
    });
  }

  get basePackage() {
    return form.elements.base_package.value;
  }

  /** Every edited or new file's text by path. */
  texts() {
    this.#keepOpenState();
    return Object.fromEntries([...this.states].map(([path, state]) => [path, state.doc.toString()]));
  }

  text(path) {
    this.#keepOpenState();
    return this.states.get(path)?.doc.toString() ?? null;
  }

  /** Paths of all files, those of the package included, as far as the tree lists them. */
  paths() {
    return [...tree().querySelectorAll("[data-path]")].map((button) => button.dataset.path);
  }

  /** Put a draft's files in place of these. Without `isListed` the tree is fetched. */
  async load({ files, base_package, deleted = [], open = "" }, { isListed = false } = {}) {
    form.elements.base_package.value = base_package ?? "";
    this.deleted = new Set(deleted);
    this.#writeDeleted();
    this.states = new Map(Object.entries(files).map(([path, text]) => [path, this.#newState(path, text)]));
    this.open = "";
    const first = this.states.has(open) ? open : this.states.keys().next().value ?? "";
    if (!isListed) await this.#list(first);
    await this.openFile(first || this.paths()[0] || "", { isQuiet: true });
  }

  /** Show a file in the editor; a packaged one's text is fetched first. */
  async openFile(path, { isQuiet = false } = {}) {
    this.#keepOpenState();
    const button = row(path);
    if (!this.states.has(path) && button?.dataset.text === "true") await this.#fetch(path);
    this.open = path;
    for (const other of tree().querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    button?.setAttribute("aria-current", "true");
    document.getElementById("open-file").textContent = path;
    document.getElementById("open-note").textContent = "";
    const state = this.states.get(path);
    this.#showBinary(state ? null : button);
    if (state) await this.editor.show(state, languageOf(path));
    if (state && !isQuiet) this.editor.view.focus();
    area.dataset.files = String(this.paths().length);
    document.getElementById("file-delete").disabled = this.paths().length < 2;
    this.onChange({ isOpening: true });
  }

  async add(path) {
    this.states.set(path, this.#newState(path, ""));
    this.#undelete(path);
    await this.#list(path);
    await this.openFile(path);
  }

  async rename(from, to) {
    this.#keepOpenState();
    if (!this.states.has(from)) await this.#fetch(from);
    const text = this.text(from);
    this.#drop(from);
    this.states.set(to, this.#newState(to, text));
    this.#undelete(to);
    await this.#list(to);
    await this.openFile(to);
  }

  async remove(path) {
    this.#drop(path);
    this.open = "";
    await this.#list("");
    await this.openFile(this.states.keys().next().value ?? this.paths()[0] ?? "");
  }

  async goto(path, line) {
    const known = this.paths().includes(path) ? path : this.paths().find((other) => path.endsWith(`/${other}`));
    if (!known) return false;
    if (known !== this.open) await this.openFile(known);
    this.editor.goto(line);
    return true;
  }

  addTo(data) {
    for (const [path, text] of Object.entries(this.texts())) data.set(`file:${path}`, text);
    data.set("open", this.open);
  }

  #newState(path, text) {
    return this.editor.newState(text, languageOf(path), `Code of ${path}`);
  }

  #keepOpenState() {
    if (this.states.has(this.open)) this.states.set(this.open, this.editor.view.state);
  }

  async #fetch(path) {
    const answer = await fetch(`/packages/${this.basePackage}/text?path=${encodeURIComponent(path)}`, { headers: { "HX-Request": "true" } });
    const text = await answer.text();
    if (answer.ok) {
      this.states.set(path, this.#newState(path, text));
    } else {
      document.getElementById("open-note").textContent = "can't be shown";
    }
  }

  #showBinary(button) {
    const note = document.getElementById("binary-note");
    note.hidden = !button;
    document.getElementById("code-editor").hidden = Boolean(button);
    if (!button) return;
    const size = Number(button.dataset.size).toLocaleString("en");
    const kind = button.dataset.text === "true" ? "Too large for the editor" : "Binary";
    note.textContent = `${kind}: ${button.dataset.path}, ${size} bytes. It is in the package as it was uploaded.`;
  }

  // A file that the package has is sent as deleted; one that was new is only forgotten.
  #drop(path) {
    this.#keepOpenState();
    this.states.delete(path);
    if (this.open === path) this.open = "";
    if (this.basePackage) {
      this.deleted.add(path);
      this.#writeDeleted();
    }
  }

  #undelete(path) {
    this.deleted.delete(path);
    this.#writeDeleted();
  }

  #writeDeleted() {
    const inputs = [...this.deleted].map((path) => {
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: "deleted", value: path });
      return input;
    });
    document.getElementById("deleted-files").replaceChildren(...inputs);
  }

  async #list(open) {
    const values = { base_package: this.basePackage, deleted: [...this.deleted], path: [...this.states.keys()], open };
    const single = !this.basePackage && this.states.size === 1;
    await htmx.ajax("POST", "/files", { source: area, target: "#file-tree", swap: "outerHTML", values });
    if (single) area.dataset.files = "1";
  }
}
