// A part of the page: shows HTML from the server, changing only what differs, and tells what people do in it.
import { listen, morph } from "playground-page";

export default {
  props: { html: String, tag: String },
  emits: ["act"],
  template: `<component :is="tag"></component>`,
  mounted() {
    listen(this.$el, (act) => this.$emit("act", act));
    this.paint();
  },
  updated() {
    this.paint();
  },
  methods: {
    paint() {
      if (this.html === this.painted) return;
      this.painted = this.html;
      morph(this.$el, this.html);
    },
    answer(id, turn, rows, trouble) {
      document.getElementById(id)?.answer(turn, rows, trouble);
    },
  },
};
