/* The Items Table as a grid for the keyboard: <table data-grid>. One place of it is in the order of Tab; arrows, Home, End and
   the page keys move it. A cell's own link, box or menu is its place, where people don't edit the cell itself. */
"use strict";

{
    const WIDGETS = "a[href], button:not(.cell-pencil), summary, input, select";
    let last = null;
    let held = false;
    let pencil = null;

    const grids = () => document.querySelectorAll("table[data-grid]");
    const gridOf = (node) => node.closest?.("table[data-grid]");
    const rowsOf = (grid) => [...grid.rows].filter((row) => row.cells.length && row.offsetParent);
    const editing = (node) => node.closest?.(".cell-form");

    /** The places of a cell that can have the focus. */
    function stops(cell) {
        const within = [...cell.querySelectorAll(WIDGETS)].filter((each) => each.offsetParent && !each.closest(".menu__panel"));
        const asWhole = cell.matches("td[data-cell]") || !within.length;
        return asWhole ? [cell] : within;
    }

    /** Without the empty cell below the button that adds a column. */
    const cellsOf = (row) => [...row.cells].filter((cell) => !cell.matches("td.cell--add"));
    const rowStops = (row) => cellsOf(row).flatMap(stops);

    function setUp() {
        for (const grid of grids()) {
            const editable = grid.querySelector("[data-cell], [data-select-all]");
            grid.setAttribute("role", "grid");
            grid.setAttribute("aria-label", "Items");
            if (editable) grid.setAttribute("aria-multiselectable", "true");
            grid.closest(".table-wrap")?.removeAttribute("tabindex");
            for (const cell of grid.querySelectorAll("td, tbody th")) {
                if (editable && !cell.matches(".cell--select")) cell.setAttribute("aria-readonly", String(!cell.dataset.cell));
            }
            for (const widget of grid.querySelectorAll(WIDGETS)) if (!editing(widget) && !widget.closest(".menu__panel")) widget.tabIndex = -1;
            for (const cell of grid.querySelectorAll("[tabindex='0']")) if (cell.matches("td, th")) cell.tabIndex = -1;
            const now = place(grid) ?? stops(grid.rows[1]?.cells[0] ?? grid.rows[0].cells[0])[0];
            now.tabIndex = 0;
        }
    }

    /** Where the focus was, also after the rows came anew. */
    function place(grid) {
        if (!last) return null;
        if (grid.contains(last.stop) && last.stop.isConnected) return last.stop;
        const row = last.row ? document.getElementById(last.row) : grid.rows[0];
        const cell = row?.cells[last.column];
        return cell ? stops(cell)[0] : null;
    }

    function remember(stop) {
        const cell = stop.closest("td, th");
        last = { stop, row: cell.parentElement.id, column: cell.cellIndex };
    }

    function goTo(stop) {
        if (!stop) return;
        const grid = gridOf(stop);
        for (const each of grid.querySelectorAll("[tabindex='0']")) if (!editing(each)) each.tabIndex = -1;
        stop.tabIndex = 0;
        remember(stop);
        stop.focus({ preventScroll: true });
        keepInView(stop.closest("td, th"));
    }

    /** Scroll so that neither the head nor the columns at the left hide the cell. */
    function keepInView(cell) {
        const wrap = cell.closest(".table-wrap");
        if (!wrap) return;
        // On a low screen the page scrolls too.
        cell.scrollIntoView({ block: "nearest", inline: "nearest" });
        const box = cell.getBoundingClientRect();
        const frame = wrap.getBoundingClientRect();
        const right = frame.left + wrap.clientWidth;
        const bottom = frame.top + wrap.clientHeight;
        const ends = [...cell.parentElement.cells].filter((each) => each.matches(".cell--pin")).map((each) => each.getBoundingClientRect().right);
        const left = Math.max(frame.left, ...ends);
        const top = gridOf(cell).tHead.rows[0].cells[0].getBoundingClientRect().bottom;
        if (!cell.matches(".cell--pin, .cell--select")) {
            if (box.left < left) wrap.scrollLeft -= left - box.left;
            else if (box.right > right) wrap.scrollLeft += Math.min(box.right - right, box.left - left);
        }
        if (cell.closest("thead")) return;
        if (box.top < top) wrap.scrollTop -= top - box.top;
        else if (box.bottom > bottom) wrap.scrollTop += box.bottom - bottom;
    }

    function vertical(stop, step) {
        const rows = rowsOf(gridOf(stop));
        const cell = stop.closest("td, th");
        const now = rows.indexOf(cell.parentElement);
        const row = rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
        const cells = cellsOf(row);
        return stops(cells[Math.min(cell.cellIndex, cells.length - 1)])[0];
    }

    function horizontal(stop, step) {
        const all = rowStops(stop.closest("tr"));
        return all[Math.min(Math.max(all.indexOf(stop) + step, 0), all.length - 1)];
    }

    function pageOf(stop) {
        const wrap = stop.closest(".table-wrap");
        return Math.max(1, Math.floor((wrap?.clientHeight ?? 400) / stop.closest("tr").offsetHeight) - 2);
    }

    const MOVES = {
        ArrowLeft: (stop) => horizontal(stop, -1),
        ArrowRight: (stop) => horizontal(stop, 1),
        ArrowUp: (stop) => vertical(stop, -1),
        ArrowDown: (stop) => vertical(stop, 1),
        PageUp: (stop) => vertical(stop, -pageOf(stop)),
        PageDown: (stop) => vertical(stop, pageOf(stop)),
        Home: (stop, far) => rowStops(far ? rowsOf(gridOf(stop))[0] : stop.closest("tr"))[0],
        End: (stop, far) => rowStops(far ? rowsOf(gridOf(stop)).at(-1) : stop.closest("tr")).at(-1),
    };

    const boxOf = (cell) => cell.parentElement.querySelector("input[name=item]");

    function askToEdit(cell) {
        if (cell.dataset.cell) cell.dispatchEvent(new CustomEvent("cell:edit", { bubbles: true }));
        else if (cell.title && document.querySelector("[data-grid] [data-cell], [data-select-all]")) say(`${cell.title}; it can only be changed there.`, "info");
    }

    document.addEventListener("keydown", (event) => {
        const grid = gridOf(event.target);
        if (!grid || editing(event.target) || event.target.closest("details[open], select, [contenteditable]") || event.altKey) return;
        const cell = event.target.closest("td, th");
        const stop = stops(cell).includes(event.target) ? event.target : cell;
        const far = event.ctrlKey || event.metaKey;
        if (MOVES[event.key] && (!far || ["Home", "End"].includes(event.key)) && !event.shiftKey) goTo(MOVES[event.key](stop, far));
        else if (event.key === "F2" || (event.key === "Enter" && !far && stop === cell)) askToEdit(cell);
        else if (event.key === "Enter" && far && stop === cell) cell.querySelector("a[href]")?.click();
        else if (event.key === " " && stop === cell && boxOf(cell)) boxOf(cell).click();
        else return;
        event.preventDefault();
    });

    document.addEventListener("focusin", (event) => {
        const grid = gridOf(event.target);
        const cell = event.target.closest?.("td, th");
        if (!grid || !cell || editing(event.target)) return;
        for (const each of grid.querySelectorAll("[tabindex='0']")) if (each !== event.target) each.tabIndex = -1;
        event.target.tabIndex = 0;
        remember(event.target);
        showPencil(cell);
    });

    document.addEventListener("pointerover", (event) => {
        const cell = gridOf(event.target) && event.target.closest("[data-cell]");
        if (cell) showPencil(cell);
    });

    /** One small button that goes to the cell that the pointer or the focus is on. */
    function showPencil(cell) {
        if (!cell.dataset.cell || cell.querySelector(".cell-form")) return;
        if (!pencil) {
            pencil = document.createElement("button");
            Object.assign(pencil, { type: "button", className: "cell-pencil", tabIndex: -1, title: "Edit (F2)" });
            pencil.setAttribute("aria-hidden", "true");
        }
        if (pencil.parentElement !== cell) cell.append(pencil);
    }

    document.addEventListener("click", (event) => {
        const grid = gridOf(event.target);
        const cell = event.target.closest?.("td, th");
        if (!grid || !cell || editing(event.target)) return;
        if (event.target.closest(".cell-pencil")) askToEdit(cell);
        else if (!event.target.closest(WIDGETS) && !event.target.closest("label, summary") && cell.closest("tbody")) goTo(stops(cell)[0]);
    });

    document.addEventListener("dblclick", (event) => {
        const cell = gridOf(event.target) && event.target.closest("[data-cell]");
        if (cell && !editing(event.target) && !event.target.closest("a, input")) askToEdit(cell);
    });

    /** After a cell's form: back to the cell, or on to the next one that can be edited. */
    document.addEventListener("cell:closed", (event) => {
        const cell = event.target;
        if (!gridOf(cell)) return;
        const { going } = event.detail;
        if (going === "stay") return setUp();
        if (!going) return goTo(stops(cell)[0]);
        const all = [...gridOf(cell).querySelectorAll("[data-cell]")];
        const next = all[all.indexOf(cell) + (going === "on" ? 1 : -1)];
        goTo(stops(next ?? cell)[0]);
        if (next && next.parentElement === cell.parentElement) askToEdit(next);
    });

    // One answer may bring several swaps, of which the first takes the focus away.
    document.addEventListener("htmx:before:swap", () => {
        if (document.activeElement !== document.body) held = Boolean(gridOf(document.activeElement));
    });

    document.addEventListener("htmx:after:swap", (event) => {
        const { target } = event.detail.ctx;
        if (!(target instanceof Element) || target.matches("[data-cell], dialog *")) return;
        setUp();
        const [grid] = grids();
        if (held && document.activeElement === document.body && grid) place(grid)?.focus({ preventScroll: true });
    });

    setUp();
}
