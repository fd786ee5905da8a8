// One editor: CodeMirror with the page's keys and colours. Used for the code and for the event.
import * as cm from "../vendor/codemirror/codemirror.js";

const { EditorView, EditorState, StateEffect, StateField, Decoration, tags } = cm;

const NONCE = document.querySelector('meta[name="csp-nonce"]').content;

const LANGUAGE_OF_SUFFIX = {
  py: "python", js: "javascript", mjs: "javascript", cjs: "javascript", jsx: "javascript", ts: "typescript",
  mts: "typescript", cts: "typescript", go: "go", java: "java", sh: "shell", bash: "shell", json: "json",
};

const colours = cm.HighlightStyle.define([
  { tag: [tags.comment, tags.docComment], class: "tok-comment" },
  { tag: [tags.keyword, tags.modifier, tags.controlKeyword, tags.self], class: "tok-keyword" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character], class: "tok-string" },
  { tag: tags.number, class: "tok-number" },
  { tag: [tags.bool, tags.null, tags.atom], class: "tok-constant" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.function(tags.variableName)), tags.standard(tags.variableName)], class: "tok-name" },
  { tag: [tags.typeName, tags.className, tags.namespace, tags.annotation, tags.meta], class: "tok-type" },
  { tag: [tags.definition(tags.propertyName)], class: "tok-property" },
  { tag: [tags.operator, tags.punctuation, tags.bracket, tags.separator], class: "tok-operator" },
  { tag: tags.invalid, class: "tok-invalid" },
]);

// One line at a time may be marked, as wrong (the event's JSON) or as just jumped to (a traceback's link).
const markLine = StateEffect.define();
const markedLine = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(markLine)) {
        next = effect.value === null
          ? Decoration.none
          : Decoration.set([Decoration.line({ class: effect.value.name }).range(effect.value.from)]);
      }
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const indent = {
  key: "Tab",
  run: ({ state, dispatch }) => {
    if (state.readOnly) return false;
    if (state.selection.ranges.some((range) => !range.empty)) return cm.indentMore({ state, dispatch });
    dispatch(state.update(state.replaceSelection(unitAt(state)), { scrollIntoView: true, userEvent: "input" }));
    return true;
  },
  shift: cm.indentLess,
};

// As many spaces as reach the next stop, or a tab where the language indents by tabs.
function unitAt(state) {
  const unit = state.facet(cm.indentUnit);
  if (unit === "\t") return unit;
  const line = state.doc.lineAt(state.selection.main.head);
  return " ".repeat(unit.length - ((state.selection.main.head - line.from) % unit.length));
}

// Typing over a selection: Chromium would keep the old text's colours in a style attribute, which the page's policy
// forbids. The editor's own way of putting text in is taken instead, with what listens to it (closing brackets).
const typeOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    if (event.inputType !== "insertText" || !event.data || event.isComposing || main.empty || ranges.length > 1) return false;
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, main.from, main.to, event.data, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** The name of the language that a file's name says, "" for none. */
export function languageOf(path) {
  const name = path.split("/").pop();
  return name === "bootstrap" ? "shell" : LANGUAGE_OF_SUFFIX[name.split(".").pop()] ?? "";
}

async function languageExtension(name) {
  if (name === "json") return cm.json();
  return name ? (await cm.language(name)) ?? [] : [];
}

const unitOf = (name) => (name === "python" || name === "java" ? "    " : name === "go" ? "\t" : "  ");

/** An editor in `parent`. `onChange` is called after every change of its text, `onRun` for Ctrl or Cmd and Enter. */
export class Editor {
  constructor({ parent, label, describedBy, onChange, onRun }) {
    this.onChange = onChange;
    this.language = new cm.Compartment();
    this.label = label;
    this.describedBy = describedBy;
    this.onRun = onRun;
    const inside = Object.assign(document.createElement("div"), { className: "editor-inside" });
    parent.append(inside);
    parent.hidden = false; // a hidden editor can't measure its lines
    this.view = new EditorView({ parent: inside, state: this.newState("", "") });
  }

  /** A state for `text`, with a history of its own; its language comes when it has been loaded. */
  newState(text, language, label = this.label) {
    return EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(NONCE),
        cm.lineNumbers(), cm.highlightActiveLineGutter(), cm.highlightSpecialChars(), cm.history(), cm.foldGutter(),
        cm.drawSelection(), cm.dropCursor(), EditorState.allowMultipleSelections.of(true), cm.indentOnInput(),
        cm.bracketMatching(), cm.closeBrackets(), cm.rectangularSelection(), cm.highlightActiveLine(),
        cm.highlightSelectionMatches(), cm.search({ top: true }), cm.syntaxHighlighting(colours), markedLine, typeOverSelection,
        cm.indentUnit.of(unitOf(language)), EditorState.tabSize.of(4),
        this.language.of([]),
        cm.keymap.of([
          { key: "Mod-Enter", run: () => (this.onRun(), true) },
          ...cm.closeBracketsKeymap, ...cm.searchKeymap, ...cm.historyKeymap, ...cm.foldKeymap, indent,
          ...cm.defaultKeymap,
        ]),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": this.describedBy }),
        EditorView.updateListener.of((update) => update.docChanged && this.onChange(update)),
      ],
    });
  }

  /** Show `state`, and colour it as `language` when that has been loaded. */
  async show(state, language) {
    this.view.setState(state);
    this.shown = state;
    const extension = await languageExtension(language);
    if (this.shown !== state) return; // another file was opened meanwhile
    this.view.dispatch({ effects: this.language.reconfigure(extension) });
  }

  get text() {
    return this.view.state.doc.toString();
  }

  /** Replace the whole text as one step that can be undone. */
  replace(text) {
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 } });
  }

  /** Mark line `number` (from 1) by the class `name`; null takes the mark away. */
  mark(number, name = "line-wrong") {
    const { doc } = this.view.state;
    const inside = number !== null && number >= 1 && number <= doc.lines;
    this.view.dispatch({ effects: markLine.of(inside ? { from: doc.line(number).from, name } : null) });
  }

  /** Put the cursor at the start of line `number` and show it, marked for a moment. */
  goto(number) {
    const { doc } = this.view.state;
    const line = doc.line(Math.min(Math.max(1, number), doc.lines));
    this.view.dispatch({
      selection: { anchor: line.from },
      effects: [
        EditorView.scrollIntoView(line.from, { y: "center" }),
        markLine.of({ from: line.from, name: "line-shown" }),
      ],
    });
    this.view.focus();
  }

  /** Underline `from`–`to` with `message`; an empty message takes the line away. */
  diagnose(from, to, message) {
    const found = message ? [{ from, to, severity: "error", message }] : [];
    this.view.dispatch(cm.setDiagnostics(this.view.state, found));
  }
}
