/* Values edited where they stand: <td data-cell="name"> in a row whose name opens the Item Card, <dd data-cell="name"> below the card's [data-cells="/…/cells/"].
   Enter saves, Escape takes the form away, Tab saves and goes on, a click elsewhere saves what was changed.
   Without this file the same forms are pages. Others ask by the event cell:edit and are told by cell:closed. */
"use strict";

{
    const FORM = ".cell-form";
    const earlier = new WeakMap();
    let going = "";

    const controls = (form) => [...form.elements].filter((each) => each.matches("input:not([type=hidden]), select, textarea"));

    function cellsUrl(cell) {
        const name = cell.closest("tr")?.querySelector("a[data-card]");
        return name ? `${name.getAttribute("href")}cells/` : cell.closest("[data-cells]")?.dataset.cells;
    }

    function edit(cell) {
        const url = cellsUrl(cell);
        if (!url || cell.querySelector(FORM)) return;
        going = "";
        htmx.ajax("GET", `${url}${cell.dataset.cell}/`, { target: cell, swap: "innerHTML" });
    }

    function tellClosed(cell) {
        cell.removeAttribute("hx-morph-skip");
        cell.dispatchEvent(new CustomEvent("cell:closed", { bubbles: true, detail: { going } }));
        going = "";
    }

    function cancel(form) {
        const cell = form.closest("[data-cell]");
        cell.innerHTML = earlier.get(cell) ?? "";
        htmx.process(cell);
        tellClosed(cell);
        if (!cell.closest("[data-grid]")) cell.querySelector(".cell-pencil")?.focus();
    }

    const isDate = (control) => control.matches("input[type=date]");
    const said = (form) => new URLSearchParams(new FormData(form)).toString();

    /** Save what was changed; where nothing was, there is nothing to ask the server for. */
    function leave(form, where) {
        if ("sent" in form.dataset) return;
        going = where;
        if (said(form) === form.dataset.said) {
            cancel(form);
            return;
        }
        form.dataset.sent = "";
        form.requestSubmit();
    }

    function begin(cell, form) {
        form.dataset.said = said(form);
        const [first] = controls(form);
        first?.focus({ preventScroll: true });
        if (first?.matches("input:not([type=date], [type=checkbox])")) first.select();
        const wrap = form.closest(".table-wrap");
        if (wrap) form.classList.toggle("cell-form--end", form.getBoundingClientRect().right > wrap.getBoundingClientRect().left + wrap.clientWidth);
        form.scrollIntoView({ block: "nearest", inline: "nearest" });
    }

    document.addEventListener("cell:edit", (event) => edit(event.target.closest("[data-cell]")));

    document.addEventListener("htmx:before:swap", (event) => {
        const cell = event.detail.ctx.target;
        if (!(cell instanceof Element) || !cell.matches("[data-cell]") || cell.querySelector(FORM)) return;
        cell.querySelector("button.cell-pencil")?.remove();
        earlier.set(cell, cell.innerHTML);
        cell.setAttribute("hx-morph-skip", "");
    });

    document.addEventListener("htmx:after:swap", (event) => {
        const cell = event.detail.ctx.target;
        if (!(cell instanceof Element) || !cell.matches("[data-cell]")) return;
        const form = cell.querySelector(FORM);
        if (form) {
            begin(cell, form);
            return;
        }
        tellClosed(cell);
        if (!cell.closest("[data-grid]")) cell.querySelector(".cell-pencil")?.focus();
    });

    /** What is typed outlives the page that it was typed on; what did not get through can be sent again. */
    document.addEventListener("htmx:config:request", (event) => {
        const { sourceElement, request } = event.detail.ctx;
        if (sourceElement?.matches?.(FORM)) request.keepalive = true;
    });

    document.addEventListener("htmx:finally:request", (event) => {
        const { sourceElement } = event.detail.ctx;
        if (sourceElement?.matches?.(FORM)) delete sourceElement.dataset.sent;
    });

    document.addEventListener("keydown", (event) => {
        const form = event.target.closest?.(FORM);
        if (!form) return;
        form.dataset.tab = event.key === "Tab" ? (event.shiftKey ? "back" : "on") : "";
        const typing = event.target.matches("textarea");
        if (event.key === "Escape") cancel(form);
        else if (event.key === "Enter" && !event.target.matches("button") && (!typing || event.ctrlKey || event.metaKey)) leave(form, "");
        else if (event.key === "Tab" && form.closest("[data-grid]") && leavesBy(form, event)) leave(form, event.shiftKey ? "back" : "on");
        else return;
        event.preventDefault();
        event.stopPropagation();
    });

    /** Several checkboxes are walked through by Tab first, and so are the parts of a date. */
    function leavesBy(form, event) {
        if (isDate(event.target)) return false;
        const all = controls(form);
        return all.length < 2 || event.target === (event.shiftKey ? all[0] : all.at(-1)) || event.target.matches("button");
    }

    document.addEventListener("focusout", (event) => {
        const form = event.target.closest?.("[data-grid] .cell-form");
        if (form?.dataset.tab && isDate(event.target) && event.relatedTarget) leave(form, form.dataset.tab);
    });

    document.addEventListener("click", (event) => {
        const form = event.target.closest?.("[data-cell-cancel]")?.closest(FORM);
        if (form) cancel(form);
    });

    document.addEventListener("pointerdown", (event) => {
        for (const form of document.querySelectorAll(FORM)) if (!form.closest("[data-cell]").contains(event.target)) leave(form, "stay");
    });
}
