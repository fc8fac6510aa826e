// Where the customer writes. Enter sends, Shift+Enter begins a new line.

export class Composer {
  constructor({ form, words, longest, on }) {
    this.form = form;
    this.words = words;
    this.longest = longest;
    this.on = on; // { send, save }
    this.text = form.querySelector("textarea");
    this.send = form.querySelector(".send");
    this.counter = form.querySelector(".counter");
    this.editing = form.querySelector(".editing");
    this.edited = null;
    this.draft = "";
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.editing.querySelector("button").addEventListener("click", () => this.cancel());
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.changed();
  }

  focus() { this.text.focus(); }

  // Characters as Heed counts them.
  get length() { return Array.from(this.text.value.trim()).length; }

  edit(line) {
    if (!this.edited) this.draft = this.text.value;
    this.edited = line;
    this.put(line.text, true);
  }

  // Returns false if there was nothing to cancel.
  cancel() {
    if (!this.edited) return false;
    this.edited = null;
    this.put(this.draft, false);
    return true;
  }

  submit() {
    if (this.send.disabled) return;
    const text = this.text.value.trim();
    if (this.edited) {
      const line = this.edited;
      this.cancel();
      if (text !== line.text) this.on.save(line, text);
    } else {
      this.put("", false);
      this.on.send(text);
    }
  }

  key(event) {
    if (event.key === "Escape" && this.cancel()) {
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      this.submit();
    }
  }

  put(text, editing) {
    this.text.value = text;
    this.editing.hidden = !editing;
    this.send.setAttribute("aria-label", editing ? this.words.save : this.words.send);
    this.changed();
    this.focus();
  }

  changed() {
    const left = this.longest - this.length;
    this.send.disabled = this.length === 0 || left < 0;
    this.counter.classList.toggle("over", left < 0);
    this.counter.textContent = left > this.longest * 0.1 ? "" : this.said(left);
    if (!CSS.supports("field-sizing", "content")) this.grow();
  }

  said(left) {
    const words = left < 0 ? this.words.too_long : this.words.left;
    return words.replace("{count}", Math.abs(left).toLocaleString(document.documentElement.lang));
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}
