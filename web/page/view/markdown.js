// Markdown to HTML. Raw HTML in the source is shown as text and addresses of scripts are refused, so the result is safe to insert.
import MarkdownIt from "../vendor/markdown-it.js";

const renderer = new MarkdownIt({ html: false, linkify: true });

renderer.renderer.rules.link_open = (tokens, index, options, _environment, self) => {
    tokens[index].attrSet("target", "_blank");
    tokens[index].attrSet("rel", "noopener noreferrer");
    return self.renderToken(tokens, index, options);
};

/**
 * @param {string} source
 * @returns {string} HTML
 */
export function renderMarkdown(source) {
    return renderer.render(source);
}
