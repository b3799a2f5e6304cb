// Menus and lists that open next to something.

export function place(popup, anchor, { wide = false } = {}) {
  const box = anchor.getBoundingClientRect();
  if (wide) popup.style.width = `${box.width}px`;
  const below = innerHeight - box.bottom - 8;
  const above = box.top - 8;
  const up = below < Math.min(popup.scrollHeight, 220) && above > below;
  popup.style.maxHeight = `${Math.max(80, Math.min(280, up ? above : below))}px`;
  popup.style.left = `${Math.max(8, Math.min(box.left, innerWidth - popup.offsetWidth - 8))}px`;
  popup.style.top = up ? "auto" : `${box.bottom + 4}px`;
  popup.style.bottom = up ? `${innerHeight - box.top + 4}px` : "auto";
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.matches?.("[data-anchored]") || event.newState !== "open") return;
    place(menu, document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`));
    menu.querySelector("button")?.focus();
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[data-anchored]");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step) return;
  event.preventDefault();
  const rows = [...menu.querySelectorAll("button")];
  rows[(rows.indexOf(event.target) + step + rows.length) % rows.length].focus();
});
