// <pg-composer>: where messages and slash commands are typed. Attributes: place (what is typed is kept for each),
// label, commands (JSON rows {name, usage, text}), disabled, and text with turn (another turn puts the text in).
// It tells {act: "send", text}.

const drafts = new Map();

class Composer extends HTMLElement {
  static observedAttributes = ["place", "label", "commands", "disabled", "turn"];

  connectedCallback() {
    if (this.area) return;
    this.innerHTML = `<div class="completion" role="listbox" aria-label="Slash commands" hidden></div>
      <div class="composer-box"><textarea rows="1" role="combobox" aria-autocomplete="list" aria-expanded="false"></textarea>
      <button type="button" class="send" aria-label="Send"><svg viewBox="0 0 20 20" aria-hidden="true"><path d="M3 3l15 7-15 7 2.5-7z"/></svg></button></div>
      <p class="usage" aria-live="polite"></p>`;
    this.list = this.querySelector(".completion");
    this.list.id = `${this.id}-list`;
    this.area = this.querySelector("textarea");
    this.area.setAttribute("aria-controls", this.list.id);
    this.usage = this.querySelector(".usage");
    this.area.addEventListener("input", () => this.typed());
    this.area.addEventListener("keydown", (event) => this.pressed(event));
    this.area.addEventListener("blur", () => this.offer([]));
    this.list.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const row = event.target.closest("[role=option]");
      if (row) this.complete(this.rows[row.dataset.number]);
    });
    this.querySelector(".send").addEventListener("click", () => this.send());
    this.read("place");
  }

  attributeChangedCallback(name) {
    if (this.area) this.read(name);
  }

  read(name) {
    this.commands = JSON.parse(this.getAttribute("commands") || "[]");
    this.area.placeholder = this.area.ariaLabel = this.getAttribute("label");
    this.area.disabled = this.querySelector(".send").disabled = this.hasAttribute("disabled");
    if (name === "place") this.write(drafts.get(this.getAttribute("place")) ?? "");
    if (name === "turn") {
      this.write(this.getAttribute("text"));
      this.area.focus();
    }
  }

  write(text) {
    this.area.value = text;
    this.typed();
  }

  typed() {
    const text = this.area.value;
    drafts.set(this.getAttribute("place"), text);
    this.area.style.height = "auto";
    this.area.style.height = `${Math.min(this.area.scrollHeight, 160)}px`;
    this.classList.toggle("ready", text.trim() !== "");
    const naming = /^\/\S*$/.test(text);
    const fits = naming ? this.commands.filter((command) => command.name.startsWith(text)) : [];
    this.offer(document.activeElement === this.area && !fits.some((command) => command.name === text) ? fits : []);
    const named = this.commands.find((command) => text === command.name || text.startsWith(`${command.name} `));
    this.usage.textContent = named ? `${named.name} ${named.usage}` : "";
  }

  offer(rows) {
    this.rows = rows;
    this.active = 0;
    this.list.hidden = !rows.length;
    this.area.setAttribute("aria-expanded", String(rows.length > 0));
    this.list.replaceChildren(...rows.map((row, number) => this.row(row, number)));
    this.mark();
  }

  row(command, number) {
    const row = document.createElement("div");
    row.setAttribute("role", "option");
    row.id = `${this.list.id}-${number}`;
    row.dataset.number = number;
    row.innerHTML = "<b></b> <span></span><small></small>";
    row.querySelector("b").textContent = command.name;
    row.querySelector("span").textContent = command.usage;
    row.querySelector("small").textContent = command.text;
    return row;
  }

  mark() {
    [...this.list.children].forEach((row, number) => row.setAttribute("aria-selected", number === this.active));
    const row = this.list.children[this.active];
    row?.scrollIntoView({ block: "nearest" });
    if (row) this.area.setAttribute("aria-activedescendant", row.id);
    else this.area.removeAttribute("aria-activedescendant");
  }

  pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (this.rows.length && step) {
      event.preventDefault();
      this.active = (this.active + step + this.rows.length) % this.rows.length;
      this.mark();
    } else if (this.rows.length && (event.key === "Tab" || event.key === "Enter")) {
      event.preventDefault();
      this.complete(this.rows[this.active]);
    } else if (this.rows.length && event.key === "Escape") {
      event.stopPropagation();
      this.offer([]);
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    }
  }

  complete(command) {
    this.write(`${command.name} `);
    this.area.focus();
  }

  send() {
    const text = this.area.value.trim();
    if (!text || this.hasAttribute("disabled")) return;
    this.write("");
    this.dispatchEvent(new CustomEvent("act", { bubbles: true, detail: { act: "send", text, place: this.getAttribute("place") } }));
  }
}

customElements.define("pg-composer", Composer);
