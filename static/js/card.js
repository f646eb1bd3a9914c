/* Item Cards: what opens them, where the focus goes, comments that are half written, and the keys that send them. */
"use strict";

/* ---- <a data-card> opens over the page what its address shows; a page has a thousand, so one listener is for all ---- */

document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-card]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    htmx.ajax("GET", link.getAttribute("href"), { source: link, target: "#card" });
});

/* ---- Ctrl+Enter (on a Mac: Cmd+Enter) sends the form ---- */

document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches?.("textarea[data-ctrl-enter]")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
});

/* ---- A comment that is half written outlives the card's closing, until it is sent or the page is left ---- */

const drafts = new Map();
const draftKey = (field) => `${field.form.getAttribute("action")} ${field.name}`;

document.addEventListener("input", (event) => {
    if (event.target.matches?.("textarea[data-draft]")) drafts.set(draftKey(event.target), event.target.value);
});

/* ---- After a swap: drafts come back, and in the dialog the focus goes to the card's title or the form's first field ---- */

document.addEventListener("htmx:after:swap", (event) => {
    const { target, request, response } = event.detail.ctx;
    if (request?.method === "POST" && response?.status < 400) {
        const action = new URL(request.action, location.href).pathname;
        for (const key of drafts.keys()) if (key.startsWith(`${action} `)) drafts.delete(key);
    }
    for (const field of document.querySelectorAll("textarea[data-draft]")) {
        const draft = drafts.get(draftKey(field));
        if (draft !== undefined && draft !== field.value) field.value = draft;
    }
    if (!(target instanceof Element) || !target.matches("[data-dialog-slot]")) return;
    target.closest("dialog").scrollTop = 0;
    const first = "input:not([type=hidden], [type=checkbox]), select, textarea";
    (target.querySelector("[autofocus]") ?? target.querySelector(first))?.focus();
});

/* ---- After the closing: the focus goes back to the link, also where the page drew that link anew meanwhile ---- */

let opener = null;

document.addEventListener("htmx:before:request", (event) => {
    const { target, sourceElement, request } = event.detail.ctx;
    const left = request.method === "GET" ? sourceElement.closest?.("form") : null; // by "Cancel"
    for (const field of left?.querySelectorAll("textarea[data-draft]") ?? []) drafts.delete(draftKey(field));
    if (target instanceof Element && target.matches("[data-dialog-slot]") && !target.contains(sourceElement)) opener = sourceElement;
});

document.addEventListener(
    "close",
    (event) => {
        if (!event.target.matches?.("dialog[data-opens-on-load]") || !opener) return;
        const address = CSS.escape(opener.getAttribute?.("href") ?? "");
        const again = opener.isConnected ? opener : document.querySelector(`a[data-card][href="${address}"]`);
        opener = null;
        if (document.activeElement === document.body || document.activeElement === null) again?.focus();
    },
    true,
);

/* ---- "Link an item" opens with the cursor in its search ---- */

document.addEventListener(
    "toggle",
    (event) => {
        if (event.target.matches?.("details.links__add[open]")) event.target.querySelector("input[type=search]")?.focus();
    },
    true,
);
