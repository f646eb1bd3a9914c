/* Rows that are ticked, and the bar that says how many: input[name=item], [data-select-all], form.bulk. */
"use strict";

{
    let chosen = new Set();
    let anchor = null;

    const boxes = () => [...document.querySelectorAll("[data-grid] input[name=item]")];
    const bar = () => document.querySelector("form.bulk");

    /** Ticks outlive rows that come anew; rows that are gone are no longer chosen. */
    function restore() {
        const all = boxes();
        const there = new Set(all.map((box) => box.value));
        chosen = new Set([...chosen].filter((id) => there.has(id)));
        for (const box of all) box.checked = chosen.has(box.value);
        show();
    }

    function read() {
        chosen = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
        show();
    }

    function show() {
        const all = boxes();
        for (const box of all) box.closest("tr").setAttribute("aria-selected", String(box.checked));
        const head = document.querySelector("[data-select-all]");
        if (head) {
            head.checked = all.length > 0 && chosen.size === all.length;
            head.indeterminate = chosen.size > 0 && !head.checked;
        }
        if (bar()) tellCount(all.length);
    }

    function tellCount(onPage) {
        const whole = bar().querySelector("[data-bulk-all]");
        const every = whole?.querySelector("input");
        if (whole) whole.hidden = chosen.size !== onPage;
        if (every && whole.hidden) every.checked = false;
        const count = every?.checked ? Number(every.dataset.count) : chosen.size;
        const text = count === 1 ? "1 item chosen" : `${count.toLocaleString("en")} items chosen`;
        const place = bar().querySelector("[data-bulk-count]");
        if (place.textContent !== text) place.textContent = text;
    }

    /** With Shift, everything between this box and the one before becomes as this one. */
    document.addEventListener("click", (event) => {
        const box = event.target;
        if (!box.matches?.("[data-grid] input[name=item]")) return;
        const all = boxes();
        if (event.shiftKey && anchor && all.includes(anchor)) {
            const [from, to] = [all.indexOf(anchor), all.indexOf(box)].sort((a, b) => a - b);
            for (const each of all.slice(from, to + 1)) each.checked = box.checked;
            read();
        }
        anchor = box;
    });

    document.addEventListener("change", (event) => {
        if (event.target.matches("[data-select-all]")) for (const box of boxes()) box.checked = event.target.checked;
        else if (!event.target.matches("[data-grid] input[name=item], form.bulk [name=all]")) return;
        read();
    });

    document.addEventListener("reset", (event) => {
        if (event.target.matches("form.bulk")) setTimeout(read);
    });

    document.addEventListener("htmx:after:swap", restore);
    read();
}
