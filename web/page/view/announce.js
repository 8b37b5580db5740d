// Says what has happened to those who do not see it, through the page's live region.

let turn = 0;

/** @param {string} text */
export function announce(text) {
    const region = document.getElementById("announcements");
    if (!region) return;
    turn += 1;
    // The same text twice would not be read again without a change.
    region.textContent = turn % 2 ? text : `${text}\u00a0`;
}
