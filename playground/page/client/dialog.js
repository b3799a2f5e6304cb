// <pg-dialog tabindex="-1" view="...">: takes the focus when it appears or its view changes, and gives it back when it goes.
// Escape tells {act: "close"} (or the act in data-escape). What lies behind it is made inert by the server.

let before = null;

document.addEventListener("focusin", (event) => {
  if (!event.target.closest("pg-dialog, .tools")) before = event.target;
});

class Dialog extends HTMLElement {
  static observedAttributes = ["view"];

  connectedCallback() {
    this.addEventListener("keydown", this.pressed);
    this.focusFirst();
  }

  disconnectedCallback() {
    // Once the page has settled: what was inert can be focused again by then.
    setTimeout(() => {
      if (document.querySelector("pg-dialog")) document.querySelector("pg-dialog").focusFirst();
      else if (document.activeElement === document.body && before?.isConnected) before.focus();
      else if (document.activeElement === document.body) document.querySelector("pg-composer textarea")?.focus();
    });
  }

  attributeChangedCallback(name, old) {
    if (old !== null) this.focusFirst();
  }

  focusFirst() {
    // Once its content is there, which comes after its attributes.
    queueMicrotask(() => {
      const focused = document.activeElement;
      if (!this.isConnected || (focused !== this && this.contains(focused))) return;
      const field = this.querySelector("input, textarea") ?? this.querySelector(".dialog-body button");
      (field ?? this).focus({ preventScroll: true });
    });
  }

  pressed(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation();
    this.dispatchEvent(new CustomEvent("act", { bubbles: true, detail: { act: this.dataset.escape || "close" } }));
  }
}

customElements.define("pg-dialog", Dialog);
