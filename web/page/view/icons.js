// The page's icons: strokes on a 16 by 16 grid, in the colour of the text around them.
import { svg } from "./dom.js";

const PATHS = {
    run: "M5 3.2v9.6l7.6-4.8z",
    runAll: "M2.5 3.5v9l5.5-4.5zM8.5 3.5v9l5.5-4.5z",
    stop: "M4 4h8v8H4z",
    stale: "M13 8a5 5 0 1 1-1.6-3.7M13 2.6v2.6h-2.6",
    restart: "M3 8a5 5 0 1 0 1.6-3.7M3 2.6v2.6h2.6",
    up: "M8 13V3.5M4 7l4-4 4 4",
    down: "M8 3v9.5M4 9l4 4 4-4",
    remove: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.8M9.2 7v3.8",
    add: "M8 3.5v9M3.5 8h9",
    code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
    text: "M3 4h10M3 8h10M3 12h6",
    more: "M3.4 8h.2M7.9 8h.2M12.4 8h.2",
    save: "M3 3h8l2 2v8H3zM5.5 3v3.2h4.5V3M5.5 13V9h5v4",
    variables: "M5.5 3C3.5 3 4.5 7 2.5 8c2 1 1 5 3 5M10.5 3c2 0 1 4 3 5-2 1-1 5-3 5",
    benchmark: "M2.5 13.5h11M4.5 11V8M8 11V3M11.5 11V6",
    light: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
    dark: "M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z",
    auto: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M8.7 2.6v10.8M9.9 2.9v10.2M11.1 3.5v9M12.3 4.7v6.6",
    close: "M4 4l8 8M12 4l-8 8",
    help: "M6 6.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.7-.8 1.4M8 12h.01",
    warning: "M8 2.8 14 13H2zM8 6.8v2.8M8 11.4h.01",
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGElement}
 */
export function icon(name) {
    return svg(
        "svg",
        { class: `icon ${name}`, viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
        svg("path", { d: PATHS[name] }),
    );
}
