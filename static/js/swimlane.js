/* Cards of a Swimlane are dragged to another cell. Each has a link "Move to…" as well, which needs none of this. */
"use strict";

let dragged = null;
let lastMoved = "";

function cellOf(element) {
    return element instanceof Element ? element.closest("[data-lane]") : null;
}

/* A card moves only in the directions that no source keeps. */
function takes(cell, card) {
    const from = cellOf(card);
    const free = card.dataset.free.split(" ");
    const { lane, row } = cell.dataset;
    if (lane === from.dataset.lane && row === from.dataset.row) return false;
    return (lane === from.dataset.lane || free.includes("lane")) && (row === from.dataset.row || free.includes("row"));
}

function markOver(cell) {
    for (const other of document.querySelectorAll(".lane--over")) if (other !== cell) other.classList.remove("lane--over");
    cell?.classList.add("lane--over");
}

function letGo() {
    dragged?.classList.remove("lane-card--dragged");
    for (const cell of document.querySelectorAll("[data-lane]")) cell.classList.remove("lane--open", "lane--closed");
    markOver(null);
    dragged = null;
}

document.addEventListener("dragstart", (event) => {
    const card = event.target instanceof Element ? event.target.closest("[data-free]") : null;
    if (!card) return;
    dragged = card;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.querySelector(".lane-card__name").textContent);
    // After the browser has taken its picture of the card.
    setTimeout(() => {
        if (dragged !== card) return;
        card.classList.add("lane-card--dragged");
        for (const cell of document.querySelectorAll("[data-lane]")) {
            if (cell !== cellOf(card)) cell.classList.add(takes(cell, card) ? "lane--open" : "lane--closed");
        }
    });
});

for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
        const cell = dragged && cellOf(event.target);
        const open = Boolean(cell) && takes(cell, dragged);
        if (open) {
            event.preventDefault();
            event.dataTransfer.dropEffect = "move";
        }
        if (dragged) markOver(open ? cell : null);
    });
}

document.addEventListener("drop", (event) => {
    const cell = dragged && cellOf(event.target);
    if (!cell || !takes(cell, dragged)) return;
    event.preventDefault();
    const { lane, row } = cell.dataset;
    const address = dragged.querySelector("[data-move]").getAttribute("href");
    htmx.ajax("POST", address, { source: dragged, target: dragged, swap: "none", values: { lane, row } });
    letGo();
});

document.addEventListener("dragend", letGo);

/* A board of time opens where today is. */
const seen = new WeakSet();

function showNow() {
    const now = document.querySelector(".lanes__head--now");
    const wrap = now?.closest(".lanes-wrap");
    if (!wrap || seen.has(wrap)) return;
    seen.add(wrap);
    // One column of the past stays in sight.
    wrap.scrollLeft = now.offsetLeft - now.offsetWidth - (innerWidth > 800 ? 24 : 0);
}

/* What the server says: in a message, and where the form is open, by closing it. */
document.addEventListener("item-moved", (event) => {
    const { text, item } = event.detail;
    lastMoved = `lane-card-${item}`;
    document.querySelector("dialog[open]")?.close();
    say(text, "success");
});

document.addEventListener("item-refused", (event) => {
    if (!document.querySelector("dialog[open]")) say(event.detail.text, "error");
});

/* The card is elsewhere now; whoever moved it goes on from there. */
document.addEventListener("htmx:after:swap", () => {
    showNow();
    const card = lastMoved && document.getElementById(lastMoved);
    if (!card) return;
    lastMoved = "";
    card.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!document.querySelector("dialog[open]")) card.querySelector(".lane-card__name").focus({ preventScroll: true });
});

showNow();
