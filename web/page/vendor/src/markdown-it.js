// The renderer of markdown cells.
export { default } from "markdown-it";
