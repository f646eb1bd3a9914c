/* The Timeline: dragging bars, moving them by keyboard, and staying where one was. The page works without this file. */
"use strict";

{
    const DAY = 86_400_000;
    const EDGE = 8; // pixels at a bar's ends that take hold of the end alone
    const SLACK = 4; // a press that moves less is a click

    const toDay = (text) => Date.parse(`${text}T00:00:00Z`) / DAY;
    const toText = (day) => new Date(day * DAY).toISOString().slice(0, 10);
    const toWords = (day) =>
        new Date(day * DAY).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

    /* ---- Telling the server ---- */

    let saving = false;
    let refocus = "";

    async function saveDates(bar, values) {
        if (saving) return;
        saving = true;
        try {
            const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
            const response = await fetch(`${bar.getAttribute("href")}dates/`, {
                method: "POST",
                headers: { "X-CSRFToken": token },
                body: new URLSearchParams(values),
                redirect: "error",
            });
            if (response.ok) {
                if (document.activeElement === bar) refocus = bar.dataset.item;
                document.body.dispatchEvent(new CustomEvent("items-changed"));
                return;
            }
            refuse(bar, response.status === 422 ? await response.text() : "The dates were not saved. Nothing was changed; try again in a moment.");
        } catch {
            refuse(bar, "The server did not answer. Nothing was changed; try again in a moment.");
        } finally {
            saving = false;
        }
    }

    function refuse(bar, sentence) {
        restore(bar);
        bar.classList.add("tl-item--refused");
        setTimeout(() => bar.classList.remove("tl-item--refused"), 4000);
        say(sentence, "error");
    }

    /* ---- Dragging ---- */

    let drag = null;

    const shapeOf = (bar) => bar.querySelector(".tl-item__shape");
    const isLocked = (bar, edge) => bar.dataset.locked.split(" ").includes(edge);

    function edgeAt(bar, x) {
        const shape = shapeOf(bar);
        if (shape.localName !== "rect") return "";
        const box = shape.getBoundingClientRect();
        if (box.width < 3 * EDGE || x < box.left - EDGE || x > box.right + EDGE) return "";
        if (x > box.right - EDGE) return "end";
        return x < box.left + EDGE ? "start" : "";
    }

    function restore(bar) {
        bar.removeAttribute("transform");
        bar.classList.remove("tl-item--moved");
    }

    /** What the drag would make of the dates. */
    function wanted({ bar, edge, days }) {
        const { start, end } = bar.dataset;
        const values = {};
        if (start && edge !== "end") values.start_date = toDay(start) + days;
        if (end && edge !== "start") values.end_date = toDay(end) + days;
        if (edge === "end" && start) values.end_date = Math.max(values.end_date, toDay(start));
        if (edge === "start" && end) values.start_date = Math.min(values.start_date, toDay(end));
        return values;
    }

    function hint(event) {
        drag.hint ??= document.body.appendChild(Object.assign(document.createElement("div"), { className: "tl-hint" }));
        const { start, end } = drag.bar.dataset;
        const values = wanted(drag);
        const days = [values.start_date ?? (start && toDay(start)), values.end_date ?? (end && toDay(end))];
        drag.hint.textContent = days.filter((day) => day !== "" && day !== undefined).map(toWords).join(" – ");
        Object.assign(drag.hint.style, { left: `${event.clientX + 12}px`, top: `${event.clientY + 18}px` });
    }

    document.addEventListener("pointerdown", (event) => {
        const bar = event.target.closest?.(".tl-item[data-locked]");
        if (!bar || event.button !== 0 || event.pointerType === "touch") return;
        const chart = bar.closest("svg");
        const perDay = chart.getBoundingClientRect().width / Number(bar.closest("[data-timeline]").dataset.days);
        drag = { bar, edge: edgeAt(bar, event.clientX), from: event.clientX, perDay, days: 0, begun: false, width: shapeOf(bar).getAttribute("width"), x: shapeOf(bar).getAttribute("x") };
    });

    document.addEventListener("pointermove", (event) => {
        if (!drag) {
            const bar = event.target.closest?.(".tl-item--own");
            bar?.classList.toggle("tl-item--edge", Boolean(edgeAt(bar, event.clientX)));
            return;
        }
        const by = event.clientX - drag.from;
        if (!drag.begun && Math.abs(by) < SLACK) return;
        drag.begun = true;
        event.preventDefault();
        if (drag.edge ? isLocked(drag.bar, drag.edge) : drag.bar.dataset.locked) return;
        drag.days = Math.round(by / drag.perDay);
        drag.bar.classList.add("tl-item--moved");
        preview();
        hint(event);
    });

    function preview() {
        const { bar, edge, days, perDay } = drag;
        if (!edge) {
            bar.setAttribute("transform", `translate(${days * perDay} 0)`);
            return;
        }
        const shape = shapeOf(bar);
        const chart = bar.closest("svg").getBoundingClientRect().width;
        const [x, width] = [drag.x, drag.width].map((share) => (parseFloat(share) / 100) * chart);
        const shift = edge === "end" ? 0 : Math.min(days * perDay, width - perDay);
        shape.setAttribute("x", x + shift);
        shape.setAttribute("width", Math.max(perDay, edge === "end" ? width + days * perDay : width - shift));
    }

    function letGo() {
        if (!drag) return null;
        const done = drag;
        drag = null;
        done.hint?.remove();
        if (done.begun && done.edge) {
            shapeOf(done.bar).setAttribute("x", done.x);
            shapeOf(done.bar).setAttribute("width", done.width);
        }
        return done;
    }

    document.addEventListener("pointerup", () => {
        const done = letGo();
        if (!done?.begun) return;
        // The click that follows a drag must not open the card.
        addEventListener("click", stop, { capture: true, once: true });
        setTimeout(() => removeEventListener("click", stop, { capture: true }));
        const values = Object.fromEntries(Object.entries(wanted(done)).map(([name, day]) => [name, toText(day)]));
        if (done.days || done.bar.dataset.locked) saveDates(done.bar, values);
        else restore(done.bar);
    });

    const stop = (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
    };

    for (const name of ["pointercancel", "blur"]) {
        addEventListener(name, () => {
            const done = letGo();
            if (done) restore(done.bar);
        });
    }

    document.addEventListener("dragstart", (event) => {
        if (event.target.closest?.(".tl-item")) event.preventDefault();
    });

    /* ---- By keyboard: Alt and an arrow moves a bar, with Shift its end ---- */

    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && drag) {
            restore(letGo().bar);
            return;
        }
        const bar = event.target.closest?.(".tl-item[data-locked]");
        if (!bar || !event.altKey || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
        event.preventDefault(); // or the browser goes back
        const by = event.key === "ArrowRight" ? "1" : "-1";
        saveDates(bar, { by, unit: bar.closest("[data-timeline]").dataset.unit, edge: event.shiftKey ? "end" : "" });
    });

    /* ---- Staying where one was, when the chart is drawn anew ---- */

    document.addEventListener("htmx:after:swap", () => {
        if (!refocus) return;
        const bar = document.querySelector(`.tl-item[data-item="${refocus}"]`);
        if (!bar) return;
        refocus = "";
        bar.focus({ preventScroll: false });
    });

    document.addEventListener("click", (event) => {
        if (event.target.closest?.("[data-print]")) print();
    });
}
