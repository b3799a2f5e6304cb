// Makes an element's content equal to some HTML and leaves alone what is equal already, so that focus, scrolling and
// open menus survive. Elements with the same data-k or id are the same element. A custom element (a tag with a dash)
// owns its content unless it has data-open-content; it only gets its attributes.

export function morph(root, html) {
  const wanted = document.createElement("template");
  wanted.innerHTML = html;
  children(root, wanted.content);
}

function key(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.k || node.id : "";
}

function same(a, b) {
  return a.nodeName === b.nodeName && key(a) === key(b);
}

function children(from, to) {
  const keyed = new Map([...from.childNodes].filter(key).map((node) => [key(node), node]));
  let here = from.firstChild;
  for (const want of [...to.childNodes]) {
    const known = key(want) ? keyed.get(key(want)) : here;
    if (known && same(known, want)) {
      if (known === here) here = here.nextSibling;
      else from.insertBefore(known, here);
      patch(known, want);
    } else {
      from.insertBefore(want, here);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

function patch(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  attributes(from, to);
  if (from instanceof HTMLInputElement || from instanceof HTMLTextAreaElement) {
    entry(from, to);
  } else if (!from.localName.includes("-") || from.hasAttribute("data-open-content")) {
    children(from, to);
  }
}

function attributes(from, to) {
  for (const { name, value } of [...to.attributes]) {
    if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    // What a person opened stays open.
    if (!to.hasAttribute(name) && !(name === "open" && from.localName === "details")) from.removeAttribute(name);
  }
}

function entry(from, to) {
  if (from.type === "checkbox" || from.type === "radio") from.checked = to.checked;
  // Somebody types here: what the server knows is older.
  else if (from !== document.activeElement && from.value !== to.value) from.value = to.value;
}
