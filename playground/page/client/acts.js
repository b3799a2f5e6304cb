// Turns what people do into acts for the server: {act, surface, ...}, and how the
// page looks to them: {dark, narrow}. The HTML says what is what:
//   data-act       a click on it is that act; its other data-... go along
//   data-field     text, one (radio), many (checkboxes), moment (date and time): an entry for the field data-key
//   data-live      Enter in it is told as well
//   data-surface   the message or view that it is in
// Custom elements send a bubbling "act" event of their own.

export function listen(root, emit) {
  const tell = (element, act) =>
    emit({
      surface: element.closest("[data-surface]")?.dataset.surface ?? "",
      dark: document.body.classList.contains("body--dark"),
      narrow: matchMedia("(max-width: 860px)").matches,
      ...act,
    });

  root.addEventListener("click", (event) => {
    const element = event.target.closest("[data-act]");
    if (!element || element.ariaDisabled === "true") return;
    element.closest("[popover]")?.hidePopover();
    tell(element, { ...element.dataset });
  });
  root.addEventListener("input", (event) => {
    const field = event.target.closest('[data-field="text"]');
    if (field) tell(field, { act: "enter", key: field.dataset.key, value: event.target.value });
  });
  root.addEventListener("change", (event) => {
    const field = event.target.closest("[data-field]");
    if (field && field.dataset.field !== "text") {
      tell(field, { act: "enter", key: field.dataset.key, value: value(field) });
    }
  });
  root.addEventListener("keydown", (event) => {
    const field = event.target.closest("input[data-live]");
    if (field && event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      tell(field, { act: "enter", key: field.dataset.key, value: field.value, enter: true });
    }
  });
  root.addEventListener("act", (event) => tell(event.target, event.detail));
}

function value(field) {
  if (field.dataset.field === "moment") return [...field.querySelectorAll("input")].map((input) => input.value);
  const on = [...field.querySelectorAll("input:checked")].map((input) => input.value);
  return field.dataset.field === "one" ? (on[0] ?? "") : on;
}
