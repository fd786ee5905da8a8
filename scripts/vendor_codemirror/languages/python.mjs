export { python as extension } from "@codemirror/lang-python";
