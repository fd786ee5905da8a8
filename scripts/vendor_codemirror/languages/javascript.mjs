export { javascript as extension } from "@codemirror/lang-javascript";
