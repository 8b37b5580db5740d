// The backend of the server of `upshift-cells notebook`: each function is a request of its protocol.

import { report } from "./benchmark-report.js";

/** @import { BenchmarkReport, Checked, Completion, Engine, Inspection, Name, Result } from "./engine.js" */

/** A request that the server has refused. */
export class Refused extends Error {
    /**
     * @param {number} status
     * @param {string} message
     */
    constructor(status, message) {
        super(message);
        this.status = status;
    }
}

const TOKEN = "upshift-cells:token";

/**
 * The token stands in the address that the server prints. It is kept for reloads and taken out of the address bar, so that it is not
 * copied along with the address.
 */
export function takeToken() {
    const address = new URL(location.href);
    const given = address.searchParams.get("token");
    if (given === null) return sessionStorage.getItem(TOKEN) ?? "";
    sessionStorage.setItem(TOKEN, given);
    address.searchParams.delete("token");
    history.replaceState(null, "", address);
    return given;
}

/** The requests, with the token in each. */
export class Server {
    #token;
    #connected = true;
    /** Called when the server stops answering, and when it answers again. */
    onConnection = (/** @type {boolean} */ _connected) => {};

    /** @param {string} token */
    constructor(token) {
        this.#token = token;
    }

    /**
     * @param {"GET" | "POST" | "PUT"} method
     * @param {string} path
     * @param {object | Uint8Array} [body] JSON, or bytes as they are
     * @param {Record<string, string>} [headers]
     * @returns {Promise<Response>} one that says that all went well
     */
    async request(method, path, body, headers = {}) {
        const bytes = body instanceof Uint8Array;
        const type = bytes ? "application/octet-stream" : "application/json";
        let response;
        try {
            response = await fetch(new URL(`/api/${path}`, location.href), {
                method,
                headers: { "X-Upshift-Token": this.#token, ...(body ? { "Content-Type": type } : {}), ...headers },
                body: bytes ? /** @type {BodyInit} */ (body) : body && JSON.stringify(body),
                cache: "no-store",
            });
        } catch {
            this.tell(false);
            throw new Error("The server does not answer. Is “upshift-cells notebook” still running?");
        }
        this.tell(true);
        if (response.ok) return response;
        throw new Refused(response.status, await refusal(response));
    }

    /** @param {boolean} connected whether the server answers */
    tell(connected) {
        if (this.#connected === connected) return;
        this.#connected = connected;
        this.onConnection(connected);
    }

    /**
     * @param {"GET" | "POST" | "PUT"} method
     * @param {string} path
     * @param {object | Uint8Array} [body]
     * @returns {Promise<any>} the JSON of the answer
     */
    async json(method, path, body) {
        return (await this.request(method, path, body)).json();
    }
}

/** @param {Response} response */
async function refusal(response) {
    if (response.status === 401 || response.status === 403) {
        return "The server does not accept this page’s token. Open the address that it has printed.";
    }
    const text = await response.text();
    try {
        const { error, message } = JSON.parse(text);
        return String(error?.message ?? error ?? message ?? text);
    } catch {
        return text || `The server answered ${response.status}`;
    }
}

/** @implements {Engine} */
export class NativeEngine {
    /** @type {"native"} */
    kind = "native";
    /** @type {((connected: boolean) => void) | undefined} */
    onConnection;
    #server;

    /** @param {Server} server */
    constructor(server) {
        this.#server = server;
        server.onConnection = (connected) => this.onConnection?.(connected);
    }

    async ready() {
        const { version } = await this.#server.json("GET", "state");
        return version ? `Native ${version}` : "Native";
    }

    /**
     * @param {string} cell
     * @param {string} source
     * @param {(text: string) => void} [onOutput]
     * @returns {Promise<Result>}
     */
    async execute(cell, source, onOutput) {
        const response = await this.#server.request(
            "POST",
            "execute",
            { cell, source },
            { Accept: "application/x-ndjson, application/json;q=0.5" },
        );
        if (!response.headers.get("Content-Type")?.includes("ndjson")) return response.json();
        try {
            for await (const line of lines(response)) {
                const message = JSON.parse(line);
                if (message.result) return message.result;
                if (message.output) onOutput?.(message.output);
            }
        } catch {
            // The connection has broken: the same as its end.
        }
        this.#server.tell(false);
        throw new Error("The server ended the connection before the result came.");
    }

    async cancel() {
        await this.#server.request("POST", "cancel", {});
    }

    async restart() {
        await this.#server.request("POST", "restart", {});
    }

    /**
     * @param {string} source
     * @returns {Promise<Checked>}
     */
    check(source) {
        return this.#server.json("POST", "check", { source });
    }

    /**
     * @param {string} source
     * @param {number} offset
     * @returns {Promise<Completion | null>}
     */
    complete(source, offset) {
        return this.#server.json("POST", "complete", { source, offset });
    }

    /**
     * @param {string} source
     * @param {number} offset
     * @returns {Promise<Inspection | null>}
     */
    inspect(source, offset) {
        return this.#server.json("POST", "inspect", { source, offset });
    }

    /**
     * @param {string} cell
     * @returns {Promise<{ stale?: string[] }>}
     */
    remove(cell) {
        return this.#server.json("POST", "remove", { cell });
    }

    async checkpoint() {
        const response = await this.#server.request("POST", "checkpoint", {});
        return new Uint8Array(await response.arrayBuffer());
    }

    /** @param {Uint8Array} bytes */
    async restore(bytes) {
        await this.#server.request("POST", "restore", bytes);
    }

    /** @returns {Promise<Name[]>} */
    async names() {
        const answer = await this.#server.json("GET", "names");
        return Array.isArray(answer) ? answer : (answer.names ?? []);
    }

    /**
     * @param {number} n
     * @returns {Promise<BenchmarkReport>}
     */
    async benchmark(n) {
        return report(n, await this.#server.json("POST", "benchmark", { n }));
    }
}

/**
 * @param {Response} response
 * @returns {AsyncGenerator<string>} its lines that are not empty, as they come
 */
async function* lines(response) {
    if (!response.body) return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
        const { value, done } = await reader.read();
        const parts = (rest + (value ?? "")).split("\n");
        rest = done ? "" : (parts.pop() ?? "");
        for (const part of parts) if (part.trim()) yield part;
        if (done) return;
    }
}
