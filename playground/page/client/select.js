// <pg-select>: a select that can be searched, with one choice or many. Attributes: label, placeholder, options and
// chosen (JSON rows {v: value, t: text, d: description, g: group}), many, most, search (the least number of characters
// after which the server is asked). It tells {act: "enter", key, value} and {act: "search", key, query, turn, id}; the
// server answers a search with answer(turn, rows, trouble).
import { place } from "./popups.js";

const SEARCH_PAUSE = 120;

class Select extends HTMLElement {
  static observedAttributes = ["chosen", "options", "aria-invalid", "aria-describedby"];

  connectedCallback() {
    if (this.input) return;
    this.turn = 0;
    this.active = -1;
    this.build();
    this.read();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  attributeChangedCallback() {
    if (this.input) this.read();
  }

  build() {
    const list = `${this.id}-list`;
    this.innerHTML = `<div class="select-box field"><span class="chips"></span>
      <input type="text" role="combobox" aria-expanded="false" aria-autocomplete="list" autocomplete="off">
      <button type="button" class="select-clear" tabindex="-1" aria-label="Clear">×</button>
      <span class="select-caret" aria-hidden="true"></span></div>
      <div class="select-list" role="listbox" popover="manual"></div>`;
    [this.box, this.list] = this.children;
    this.input = this.querySelector("input");
    this.chips = this.querySelector(".chips");
    this.list.id = list;
    this.list.ariaLabel = this.getAttribute("label");
    this.input.setAttribute("aria-controls", list);
    this.input.ariaLabel = this.getAttribute("label");
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("blur", () => this.left());
    this.box.addEventListener("mousedown", (event) => this.clicked(event));
    this.list.addEventListener("mousedown", (event) => this.picked(event));
  }

  read() {
    this.many = this.hasAttribute("many");
    this.options = JSON.parse(this.getAttribute("options") || "[]");
    this.chosen = JSON.parse(this.getAttribute("chosen") || "[]");
    for (const name of ["aria-invalid", "aria-describedby", "aria-required"]) {
      if (this.hasAttribute(name)) this.input.setAttribute(name, this.getAttribute(name));
      else this.input.removeAttribute(name);
    }
    this.show();
  }

  show() {
    this.chips.replaceChildren(...(this.many ? this.chosen.map((row) => this.chip(row)) : []));
    if (document.activeElement !== this.input || !this.open) this.input.value = this.many ? "" : (this.chosen[0]?.t ?? "");
    this.input.placeholder = this.many && this.chosen.length ? "" : this.getAttribute("placeholder");
    this.querySelector(".select-clear").hidden = !this.chosen.length || this.many || this.hasAttribute("aria-required");
    this.classList.toggle("has-chips", this.many && this.chosen.length > 0);
  }

  chip(row) {
    const chip = document.createElement("span");
    const remove = document.createElement("button");
    chip.className = "chip";
    chip.textContent = row.t;
    remove.type = "button";
    remove.textContent = "×";
    remove.ariaLabel = `Remove ${row.t}`;
    remove.addEventListener("click", () => {
      this.choose(this.chosen.filter((other) => other.v !== row.v));
      this.input.focus();
    });
    chip.append(remove);
    return chip;
  }

  get open() {
    return this.list.matches(":popover-open");
  }

  get least() {
    return this.hasAttribute("search") ? Number(this.getAttribute("search")) : -1;
  }

  typed() {
    if (this.least < 0) return this.offer(this.fitting(this.input.value));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), SEARCH_PAUSE);
    return undefined;
  }

  search() {
    const query = this.input.value;
    this.turn += 1;
    if (query.length < this.least) return this.offer([], `Type at least ${this.least} characters to search`);
    this.offer([], "Searching …");
    this.tell({ act: "search", query, turn: this.turn, id: this.id });
    return undefined;
  }

  answer(turn, rows, trouble) {
    if (turn !== this.turn || document.activeElement !== this.input) return;
    this.offer(rows, trouble || (rows.length ? "" : "Nothing found"));
  }

  fitting(text) {
    const query = text.toLocaleLowerCase();
    return this.options.filter((row) => row.t.toLocaleLowerCase().includes(query));
  }

  unfold() {
    if (this.least >= 0) this.search();
    else this.offer(this.options);
  }

  offer(rows, note = "") {
    this.rows = rows;
    this.active = rows.length ? Math.max(0, rows.findIndex((row) => this.has(row))) : -1;
    const items = [];
    let group = "";
    rows.forEach((row, number) => {
      if (row.g && row.g !== group) items.push(this.line("select-group", (group = row.g)));
      items.push(this.item(row, number));
    });
    if (note) items.push(this.line("select-note", note));
    else if (!rows.length) items.push(this.line("select-note", "Nothing found"));
    // Without a choice it is no list but a note, which is read out.
    this.list.setAttribute("role", rows.length ? "listbox" : "status");
    this.list.replaceChildren(...items);
    if (!this.open) this.list.showPopover();
    this.input.setAttribute("aria-expanded", "true");
    place(this.list, this.box, { wide: true });
    this.mark();
  }

  line(name, text) {
    const line = document.createElement("div");
    line.className = name;
    line.setAttribute("role", "presentation");
    line.textContent = text;
    return line;
  }

  item(row, number) {
    const item = this.line("select-row", row.t);
    item.setAttribute("role", "option");
    item.id = `${this.list.id}-${number}`;
    item.dataset.number = number;
    item.setAttribute("aria-selected", this.has(row));
    if (row.d) item.append(Object.assign(document.createElement("small"), { textContent: row.d }));
    return item;
  }

  has(row) {
    return this.chosen.some((other) => other.v === row.v);
  }

  mark() {
    const items = [...this.list.querySelectorAll("[role=option]")];
    items.forEach((item, number) => item.classList.toggle("active", number === this.active));
    items[this.active]?.scrollIntoView({ block: "nearest" });
    if (items[this.active]) this.input.setAttribute("aria-activedescendant", items[this.active].id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  fold() {
    if (this.open) this.list.hidePopover();
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.open) return this.unfold();
      this.active = (this.active + step + this.rows.length) % (this.rows.length || 1);
      this.mark();
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.open && this.rows[this.active]) this.pick(this.rows[this.active]);
      else if (!this.open) this.unfold();
    } else if (event.key === "Escape" && this.open) {
      event.stopPropagation();
      this.fold();
      this.show();
    } else if (event.key === "Backspace" && this.many && !this.input.value && this.chosen.length) {
      this.choose(this.chosen.slice(0, -1));
    }
    return undefined;
  }

  clicked(event) {
    if (event.target.closest(".chip")) return;
    if (event.target.closest(".select-clear")) {
      event.preventDefault();
      this.choose([]);
      return;
    }
    if (this.open) return;
    setTimeout(() => {
      this.input.focus();
      this.unfold();
    });
  }

  picked(event) {
    event.preventDefault();
    const item = event.target.closest("[role=option]");
    if (item) this.pick(this.rows[item.dataset.number]);
  }

  pick(row) {
    const most = Number(this.getAttribute("most") || Infinity);
    if (!this.many) this.choose([row]);
    else if (this.has(row)) this.choose(this.chosen.filter((other) => other.v !== row.v));
    else if (this.chosen.length < most) this.choose([...this.chosen, row]);
    this.input.value = this.many ? "" : row.t;
    this.fold();
  }

  choose(rows) {
    this.chosen = rows;
    this.show();
    const values = rows.map((row) => row.v);
    this.tell({ act: "enter", value: this.many ? values : (values[0] ?? "") });
  }

  left() {
    clearTimeout(this.timer);
    this.fold();
    if (!this.many && !this.input.value && this.chosen.length) this.choose([]);
    else this.show();
  }

  tell(detail) {
    this.dispatchEvent(new CustomEvent("act", { bubbles: true, detail: { ...detail, key: this.dataset.key } }));
  }
}

customElements.define("pg-select", Select);
