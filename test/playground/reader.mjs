// Who reads the page: opens it, presses keys and buttons, and says what is to be seen.

import assert from 'node:assert/strict';
import path from 'node:path';

export class Reader {
  #browser;
  #url;
  #folder;
  #contexts = [];
  #complaints = [];
  page;

  constructor(browser, url, folder) {
    this.#browser = browser;
    this.#url = url;
    this.#folder = folder;
  }

  /** A fresh window at this hash. */
  async open(hash = '', { width = 1280, height = 900, colorScheme = 'light' } = {}) {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion: 'reduce',
    });
    this.#contexts.push(context);
    this.page = await context.newPage();
    this.page.setDefaultTimeout(10_000);
    this.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.#complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.#complaints.push(String(error)));
    await this.page.goto(this.#url + hash);
    await this.page.locator('.actor').first().waitFor();
  }

  /** As the page has it: Playwright's own `url()` learns of a step when it learns of it. */
  hash() {
    return this.page.evaluate('location.hash');
  }

  /** The browser's buttons: -1 is back, 1 is forward. Until the page, which listened first, has heard of it. */
  async travel(delta) {
    await this.page.evaluate(`new Promise((resolve) => {
      addEventListener('popstate', resolve, { once: true });
      history.go(${delta});
    }).then(() => undefined)`);
  }

  /** The tree: `{ 1: 'R of 0', 2: 'Z of 1', 3: 'gone' }`. */
  async tree() {
    const actors = await this.page.locator('#tree .actor').evaluateAll((elements) =>
      elements.map(({ dataset, classList }) => ({
        ...dataset,
        gone: classList.contains('gone'),
      })),
    );
    return Object.fromEntries(
      actors.map(({ pid, ppid, state, gone }) => [pid, gone ? 'gone' : `${state} of ${ppid}`]),
    );
  }

  /** What stands in the box of a process. */
  async box(pid) {
    return this.page.locator(`.actor[data-pid="${pid}"]`).textContent();
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }

  async choose(pid) {
    await this.page.locator(`.actor[data-pid="${pid}"]`).click();
  }

  /** Presses the button of a call, by what it is called in a link. */
  async call(key) {
    await this.page.locator(`#panel [data-key="${key}"]`).click();
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async picture(name, options = {}) {
    await this.page.screenshot({ path: path.join(this.#folder, `${name}.png`), ...options });
  }

  assertNoComplaints() {
    assert.deepEqual(this.#complaints, []);
  }

  async close() {
    for (const context of this.#contexts) await context.close();
  }
}

/** What `tree()` has to be for a frame of the model. */
export function treeOf({ actors }) {
  const shown = ({ ppid, state, gone }) =>
    gone !== undefined || state === 'X' ? 'gone' : `${state} of ${ppid}`;
  return Object.fromEntries(actors.map((actor) => [String(actor.pid), shown(actor)]));
}
