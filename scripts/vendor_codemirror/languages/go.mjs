export { go as extension } from "@codemirror/lang-go";
