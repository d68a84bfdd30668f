// Tells our own lines in the guest's output from all the rest, byte for byte: what is not ours is
// passed on as soon as it cannot be the beginning of ours.

export class MarkedLines {
  #mark;
  #listener;
  #held = Buffer.alloc(0);

  /**
   * @param {string} mark how our lines begin, wherever in the stream that is: the output before may
   * lack its newline
   * @param {{ text(bytes: Buffer): void, line(word: string, rest: string): void }} listener
   */
  constructor(mark, listener) {
    this.#mark = Buffer.from(mark);
    this.#listener = listener;
  }

  push(chunk) {
    this.#held = Buffer.concat([this.#held, chunk]);
    for (;;) {
      const start = this.#held.indexOf(this.#mark);
      if (start === -1) return this.#pass(this.#held.length - this.#heldBack());
      this.#pass(start);
      const end = this.#held.indexOf('\n');
      if (end === -1) return;
      const line = this.#held.subarray(this.#mark.length, end).toString().trimEnd();
      this.#held = this.#held.subarray(end + 1);
      const [word] = line.split(' ', 1);
      this.#listener.line(word, line.slice(word.length + 1));
    }
  }

  /** The stream is over: what was held back is text after all. */
  end() {
    this.#pass(this.#held.length);
  }

  #pass(length) {
    if (length > 0) this.#listener.text(this.#held.subarray(0, length));
    this.#held = this.#held.subarray(length);
  }

  /** How many bytes at the end may be the beginning of a mark. */
  #heldBack() {
    const longest = Math.min(this.#mark.length - 1, this.#held.length);
    for (let length = longest; length > 0; length--) {
      if (this.#held.subarray(-length).equals(this.#mark.subarray(0, length))) return length;
    }
    return 0;
  }
}
