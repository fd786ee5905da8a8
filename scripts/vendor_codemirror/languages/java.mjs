export { java as extension } from "@codemirror/lang-java";
