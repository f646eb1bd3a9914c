/* Runs before the first paint: the chosen theme, and the mark that scripts work here. */
const root = document.documentElement;
root.dataset.js = "";
try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
} catch {
    // Storage may be forbidden; then the system's theme it is.
}
