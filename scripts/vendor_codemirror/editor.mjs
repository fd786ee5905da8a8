// What static/js takes from CodeMirror: the editor with its usual parts, and one language at a time, on demand.
export { EditorState, Compartment, StateEffect, StateField, EditorSelection } from "@codemirror/state";
export {
  EditorView, Decoration, keymap, lineNumbers, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars,
  drawSelection, dropCursor, rectangularSelection, placeholder,
} from "@codemirror/view";
export {
  defaultKeymap, history, historyKeymap, indentMore, indentLess, insertTab, undo, redo, toggleComment,
} from "@codemirror/commands";
export {
  bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit, syntaxHighlighting, HighlightStyle,
} from "@codemirror/language";
export { search, searchKeymap, highlightSelectionMatches, openSearchPanel } from "@codemirror/search";
export { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
export { setDiagnostics } from "@codemirror/lint";
export { tags } from "@lezer/highlight";
export { json } from "@codemirror/lang-json";

const LANGUAGES = {
  python: () => import("./languages/python.mjs"),
  javascript: () => import("./languages/javascript.mjs"),
  go: () => import("./languages/go.mjs"),
  java: () => import("./languages/java.mjs"),
  shell: () => import("./languages/shell.mjs"),
};

/** A promise of the extension for `name` ("python", "javascript", "typescript", "go", "java", "shell"); null for others. */
export async function language(name) {
  const typescript = name === "typescript";
  const load = LANGUAGES[typescript ? "javascript" : name];
  return load ? (await load()).extension({ typescript }) : null;
}
