/* Menus, theme, messages, dialogs and htmx's manners. Every page works without this file. */
"use strict";

/* ---- Menus: <details class="menu"> close on Escape, on a click elsewhere, and when another opens ---- */

const openMenus = () => document.querySelectorAll("details.menu[open]");

function keepInSight(menu) {
    const panel = menu.querySelector(".menu__panel");
    if (!panel) return;
    panel.removeAttribute("style");
    const clipped = menu.closest(".table-wrap, .dialog");
    const anchor = menu.querySelector("summary").getBoundingClientRect();
    const box = panel.getBoundingClientRect();
    if (clipped) {
        const fitsBelow = anchor.bottom + box.height + 8 < innerHeight;
        const top = fitsBelow ? anchor.bottom + 4 : Math.max(8, anchor.top - box.height - 4);
        const left = Math.min(Math.max(8, anchor.right - box.width), innerWidth - box.width - 8);
        Object.assign(panel.style, { position: "fixed", inset: "auto", top: `${top}px`, left: `${left}px` });
    } else if (box.right > innerWidth - 8) {
        panel.style.transform = `translateX(${innerWidth - 8 - box.right}px)`;
    } else if (box.left < 8) {
        panel.style.transform = `translateX(${8 - box.left}px)`;
    }
}

document.addEventListener(
    "toggle",
    (event) => {
        const menu = event.target;
        if (!(menu instanceof HTMLDetailsElement) || !menu.matches(".menu") || !menu.open) return;
        for (const other of openMenus()) if (other !== menu && !other.contains(menu)) other.open = false;
        keepInSight(menu);
    },
    true,
);

document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (event.key === "Escape") {
        for (const open of openMenus()) open.open = false;
        if (menu) {
            menu.querySelector("summary").focus();
            event.preventDefault();
        }
        return;
    }
    if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.matches("input, select, textarea")) return;
    const items = [...menu.querySelectorAll(".menu__item:not(:disabled)")].filter((item) => item.offsetParent);
    if (!items.length) return;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const now = items.indexOf(document.activeElement);
    items[now < 0 && step < 0 ? items.length - 1 : (now + step + items.length) % items.length].focus();
    event.preventDefault();
});

document.addEventListener(
    "scroll",
    (event) => {
        for (const menu of openMenus()) if (event.target.contains(menu)) keepInSight(menu);
    },
    true,
);

/* ---- Theme: <button data-theme-choice="light|dark|system"> ---- */

function markTheme() {
    const now = document.documentElement.dataset.theme ?? "system";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
        button.setAttribute("aria-pressed", String(button.dataset.themeChoice === now));
    }
}

function chooseTheme(choice) {
    const { dataset } = document.documentElement;
    if (choice === "system") delete dataset.theme;
    else dataset.theme = choice;
    try {
        localStorage.setItem("theme", choice);
    } catch {
        // Storage may be forbidden; the choice then lasts until the next page.
    }
    markTheme();
}

/* ---- Clicks on [data-…] ---- */

document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-theme-choice], [data-dismiss], [data-dialog-open], [data-dialog-close], [data-copy]");
    if (!button) {
        if (event.target.matches?.("dialog.dialog")) closeOnBackdrop(event);
        return;
    }
    const { themeChoice, dialogOpen, copy } = button.dataset;
    if (themeChoice) chooseTheme(themeChoice);
    if ("dismiss" in button.dataset) button.closest(".flash__message, .banner")?.remove();
    if ("dialogClose" in button.dataset) {
        const dialog = button.closest("dialog");
        if (dialog?.open) {
            event.preventDefault();
            dialog.close();
        }
    }
    if (dialogOpen) {
        event.preventDefault();
        document.getElementById(dialogOpen)?.showModal();
    }
    if (copy) {
        await copyText(copy);
    }
});

async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
        say("Copied.", "success");
    } catch {
        say(`Your browser did not let us copy. Here it is: ${text}`, "info");
    }
}

function closeOnBackdrop(event) {
    const box = event.target.getBoundingClientRect();
    const inside =
        event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
}

/* ---- Forms: <form data-autosubmit> posts on change; <form data-once> can't be sent twice ---- */

document.addEventListener("change", (event) => {
    event.target.closest?.("form[data-autosubmit]")?.requestSubmit();
});

document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || !event.target.matches("form[data-once]")) return;
    // After the browser has gathered the form, or the pressed button's own value would be lost.
    setTimeout(() => event.target.querySelectorAll("button:not([type=button])").forEach((button) => (button.disabled = true)));
});

addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-once] :disabled").forEach((button) => (button.disabled = false));
});

/* ---- Messages ---- */

function say(text, tone) {
    const list = document.querySelector("[data-flash]");
    // Behind an open dialog nobody would see it, nor hear of it.
    (document.querySelector("dialog[open]") ?? document.body).append(list ?? "");
    const template = document.querySelector("template[data-flash-template]");
    if (!list || !template) return;
    const message = template.content.firstElementChild.cloneNode(true);
    message.classList.add(`flash__message--${tone}`);
    message.querySelector(".flash__text").textContent = text;
    list.append(message);
    if (tone === "success") setTimeout(() => message.remove(), 5000);
}

for (const message of document.querySelectorAll(".flash__message--success")) setTimeout(() => message.remove(), 8000);

/* ---- htmx: the CSRF token, fragments that open their dialog, failures that are said ---- */

document.addEventListener("htmx:config:request", (event) => {
    const token = document.querySelector('meta[name="csrf-token"]')?.content;
    if (token) event.detail.ctx.request.headers["X-CSRFToken"] = token;
});

document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx?.target;
    const dialog = target instanceof Element ? target.closest("dialog[data-opens-on-load]") : null;
    if (dialog && !dialog.open && target.childElementCount) dialog.showModal();
});

/* A whole page in place of a fragment: signed out meanwhile, or a form that led elsewhere. Go there. */
document.addEventListener("htmx:after:request", (event) => {
    const { response, text, select, request } = event.detail.ctx;
    if (select || !response.raw.redirected || !/^\s*<!doctype html/i.test(text)) return;
    event.preventDefault();
    if (request.method === "GET") location.reload();
    else location.assign(response.raw.url);
});

let troubled = false;

function sayTrouble() {
    if (troubled) return;
    troubled = true;
    setTimeout(() => (troubled = false), 30000);
    say("The server did not answer as expected. Nothing you entered was lost; try again in a moment.", "error");
}

document.addEventListener("htmx:error", sayTrouble);
document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.response.status !== 422) sayTrouble();
});

document.addEventListener(
    "close",
    (event) => {
        for (const slot of event.target.querySelectorAll?.("[data-dialog-slot]") ?? []) slot.replaceChildren();
        for (const list of event.target.querySelectorAll?.("[data-flash]") ?? []) document.body.append(list);
    },
    true,
);

markTheme();
document.querySelector(':is(.tabs, .views__tabs) [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
