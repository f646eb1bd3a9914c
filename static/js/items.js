/* Widths of the Items Table's columns: by dragging the edge of a head, or by Shift and the arrow keys in it. A form takes them
   into the address. Without this file the table chooses widths itself. */
"use strict";

const MIN_WIDTH = 60;
const MAX_WIDTH = 900;
const STEP = 10;
const SAVE_AFTER = 500;

/** The columns of the table, from left to right: their <col>, and the handle in their head. */
function columnsOf(table) {
    const cols = table.querySelectorAll("col");
    return [...table.tHead.querySelectorAll(".resize")].map((handle) => ({
        handle,
        col: cols[handle.closest("th").cellIndex],
        name: handle.dataset.column,
    }));
}

function widthOf({ handle }) {
    return Math.round(handle.closest("th").getBoundingClientRect().width);
}

/** From the widths that the table chose to the same ones, fixed: nothing jumps when the first one is changed. */
function fix(table) {
    if (table.classList.contains("table--sized")) return;
    const columns = columnsOf(table);
    const widths = columns.map(widthOf);
    columns.forEach(({ col }, place) => col.setAttribute("width", widths[place]));
    table.classList.add("table--sized");
}

function setWidth(handle, pixels) {
    const table = handle.closest("table");
    fix(table);
    const width = Math.min(Math.max(Math.round(pixels), MIN_WIDTH), MAX_WIDTH);
    columnsOf(table).find((column) => column.handle === handle).col.setAttribute("width", width);
}

function save(table) {
    const form = document.querySelector("form[data-widths]");
    if (!form || !table.isConnected) return;
    form.elements.resize.value = columnsOf(table)
        .map(({ col, name }) => `${name}:${col.getAttribute("width")}`)
        .join(",");
    form.requestSubmit();
}

document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".resize");
    if (!handle || event.button !== 0) return;
    event.preventDefault();
    const from = { x: event.clientX, width: widthOf({ handle }) };
    let moved = false;
    const follow = (move) => {
        moved ||= Math.abs(move.clientX - from.x) > 2;
        if (moved) setWidth(handle, from.width + move.clientX - from.x);
    };
    const end = () => {
        handle.removeEventListener("pointermove", follow);
        delete handle.dataset.moving;
        if (moved) save(handle.closest("table"));
    };
    handle.setPointerCapture(event.pointerId);
    handle.dataset.moving = "";
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("lostpointercapture", end, { once: true });
});

let saving = 0;

document.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || !event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    const handle = event.target.closest?.("thead th")?.querySelector(".resize");
    if (!handle) return;
    event.preventDefault();
    setWidth(handle, widthOf({ handle }) + way * STEP);
    clearTimeout(saving);
    saving = setTimeout(() => save(handle.closest("table")), SAVE_AFTER);
});

/* Menus stay open while their buttons are pressed; "Apply" is the last of it. */
document.addEventListener("click", (event) => {
    const menu = event.target.closest?.("[data-closes-menu]")?.closest("details.menu");
    if (menu) setTimeout(() => (menu.open = false));
});
