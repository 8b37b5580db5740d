// Begins the page: which backend is there, and where the notebook is kept.
import { App } from "./app.js";
import { BrowserEngine } from "./engine/browser-engine.js";
import { NativeEngine, Server, takeToken } from "./engine/native-engine.js";
import { BrowserStore } from "./store/browser-store.js";
import { NativeStore } from "./store/native-store.js";

/** @returns {App} */
function connect() {
    // The server of `upshift-cells notebook` writes "native" here when it hands out the page, and gives each visitor a token.
    const marker = document.querySelector('meta[name="upshift-engine"]')?.getAttribute("content");
    const token = takeToken();
    if (marker !== "native" && !token) return new App(new BrowserEngine(), new BrowserStore());
    const server = new Server(token);
    return new App(new NativeEngine(server), new NativeStore(server));
}

await connect().start();
