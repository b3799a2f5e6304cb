// What the page's regions are made of: see region.js for the Vue component that NiceGUI places.
export { morph } from "./morph.js";
export { listen } from "./acts.js";
import "./composer.js";
import "./dialog.js";
import "./popups.js";
import "./select.js";
