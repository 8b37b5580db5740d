// Runs before the page is drawn, so that it does not flash in the wrong colours. Not a module: those wait for the document.
document.documentElement.dataset.theme = localStorage.getItem("upshift-cells:theme") ?? "auto";
