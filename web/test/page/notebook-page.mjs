// The page as its tests speak of it: cells by their place from 1, what stands below them, commands.

export class NotebookPage {
    /** @param {import("playwright-core").Page} page */
    constructor(page) {
        this.page = page;
    }

    /** @param {number} number */
    cell(number) {
        return this.page.locator(".cell").nth(number - 1);
    }

    /** @param {number} number */
    editor(number) {
        return this.cell(number).locator(".cm-content");
    }

    /** Waits until the page is drawn and cells can be run. */
    async ready() {
        await this.page.locator(".cell").first().waitFor();
        await this.page.waitForFunction(
            () => !["", "Starting"].includes(document.querySelector(".engine-name")?.textContent ?? ""),
        );
    }

    /**
     * Puts a source into a cell, in place of what is there.
     *
     * @param {number} number
     * @param {string} source
     */
    async write(number, source) {
        await this.editor(number).click();
        await this.page.keyboard.press("ControlOrMeta+a");
        await this.page.keyboard.press("Delete");
        await this.page.keyboard.insertText(source);
    }

    /**
     * Writes a source and runs it, and waits until it has run.
     *
     * @param {number} number
     * @param {string} source
     */
    async run(number, source) {
        await this.write(number, source);
        const runs = await this.order();
        await this.page.keyboard.press("Shift+Enter");
        await this.ran(runs + 1);
    }

    /** @returns {Promise<number>} the greatest number of a run that is shown */
    async order() {
        return Math.max(0, ...(await this.page.locator(".order").allTextContents()).map(Number));
    }

    /** @param {number} runs waits until a run of this number is shown */
    async ran(runs) {
        await this.page.waitForFunction(
            (runs) => [...document.querySelectorAll(".order")].some((order) => Number(order.textContent) >= runs),
            runs,
        );
        await this.idle();
    }

    /** Waits until nothing runs or waits. */
    async idle() {
        await this.page.waitForFunction(() => !document.querySelector('.cell:is([data-state="running"], [data-state="queued"])'));
    }

    /** @param {number} number */
    async value(number) {
        return this.cell(number).locator(".value").textContent();
    }

    /** @param {number} number */
    async type(number) {
        return this.cell(number).locator(".type").textContent();
    }

    /** @param {string} name */
    button(name) {
        return this.page.getByRole("button", { name });
    }

    /** @param {string} name an entry of the menu */
    async choose(name) {
        await this.page.getByRole("button", { name: "More" }).click();
        await this.page.getByRole("menuitem", { name, exact: true }).click();
    }
}
