// The page as a page: links, keys, narrow screens, names for everything.

import assert from 'node:assert/strict';

export const PAGE = [
  [
    'a link that is opened anew shows the same',
    async (reader) => {
      await reader.open('#play/linux-7.1/0');
      await reader.call('fork');
      await reader.call('clone3');
      const [hash, tree, log] = [
        await reader.hash(),
        await reader.tree(),
        await reader.text('#calls'),
      ];
      await reader.open(hash);
      assert.deepEqual(await reader.tree(), tree);
      assert.equal(await reader.text('#calls'), log);
    },
  ],

  [
    'a link that means nothing shows the beginning',
    async (reader) => {
      for (const hash of ['', '#nonsense', '#story/unknown/3', '#play/plan9/2', '#story']) {
        await reader.open(hash);
        assert.match(await reader.text('[aria-current]'), /Start here/);
        assert.match(await reader.text('#status'), hash === '' ? /^$/ : /leads nowhere/);
      }
    },
  ],

  [
    'the back and forward buttons of the browser work',
    async (reader) => {
      await reader.open('#play/linux-7.1/0');
      await reader.call('fork');
      await reader.page.locator('[data-story="basics"]').click();
      await reader.press('ArrowRight', 'ArrowRight');
      assert.equal(await reader.hash(), '#story/basics/2');
      await reader.travel(-1);
      assert.equal((await reader.tree())[3], 'R of 2');
      await reader.travel(-1);
      assert.equal((await reader.tree())[3], undefined);
      await reader.travel(1);
      await reader.travel(1);
      assert.equal(await reader.hash(), '#story/basics/2');
    },
  ],

  [
    'the arrow keys, Home and End step',
    async (reader) => {
      await reader.open('#story/basics/0');
      await reader.press('ArrowRight', 'ArrowRight', 'ArrowLeft');
      assert.equal(await reader.hash(), '#story/basics/1');
      await reader.press('End');
      const end = await reader.hash();
      await reader.press('ArrowRight');
      assert.equal(await reader.hash(), end);
      await reader.press('Home');
      assert.equal(await reader.hash(), '#story/basics/0');
    },
  ],

  [
    'a process is chosen with the keyboard, and keeps the focus',
    async (reader) => {
      await reader.open('#play/linux-7.1/0');
      await reader.page.locator('.actor[data-pid="1"]').focus();
      await reader.press('Enter');
      const pressed = reader.page.locator('.actor[aria-pressed="true"]');
      assert.equal(await pressed.getAttribute('data-pid'), '1');
      const focused = await reader.page.evaluate('document.activeElement.dataset.pid');
      assert.equal(focused, '1');
      await reader.page.locator('#panel [data-key="fork"]').focus();
      await reader.press('Enter', 'Enter');
      assert.equal(Object.keys(await reader.tree()).length, 4);
    },
  ],

  [
    'a word is explained on hover, on focus, and until Escape',
    async (reader) => {
      await reader.open('#story/basics/0');
      await reader.page.locator('#say .word', { hasText: 'orphan' }).hover();
      assert.match(await reader.text('#tip'), /gives it a new parent/);
      await reader.page.locator('#say .word', { hasText: 'zombie' }).focus();
      assert.match(await reader.text('#tip'), /has not asked yet/);
      await reader.press('Escape');
      assert.equal(await reader.page.locator('#tip').isVisible(), false);
    },
  ],

  [
    'nothing is wider than a screen of 360, nor of 1920',
    async (reader) => {
      const hashes = [
        '#story/basics/7',
        '#story/2012-subreaper/2',
        '#play/linux-7.1/1/2.clone3.3.0',
      ];
      for (const width of [360, 800, 1920]) {
        for (const hash of hashes) {
          await reader.open(hash, { width });
          const wide = await reader.page.evaluate('document.documentElement.scrollWidth');
          assert.ok(wide <= width, `${hash} at ${width} is ${wide} wide`);
        }
      }
      await reader.open('#story/basics/7', { width: 360 });
      await reader.picture('narrow', { fullPage: true });
      await reader.open('#play/clone4-2015/2/2.clone4.3/3.exit.0', {
        width: 360,
        colorScheme: 'dark',
      });
      await reader.picture('narrow-dark-play', { fullPage: true });
    },
  ],

  [
    'boxes do not lie on each other, and no text leaves its box',
    async (reader) => {
      for (const width of [360, 1280]) {
        for (const hash of [
          '#story/2012-subreaper/2',
          '#story/2026-linux-7.1/2',
          '#story/basics/13',
        ]) {
          await reader.open(hash, { width });
          const faults = await reader.page.evaluate(`(() => {
          const boxes = [...document.querySelectorAll('.actor')].map((actor) => ({
            pid: actor.dataset.pid,
            box: actor.querySelector('.box').getBoundingClientRect(),
            texts: [...actor.querySelectorAll('text')].map((text) => text.getBoundingClientRect()),
          }));
          const faults = [];
          for (const { pid, box, texts } of boxes) {
            if (texts.some((text) => text.right > box.right + 1)) faults.push('text of ' + pid);
            const [name, number] = texts;
            if (name.right > number.left) faults.push('name and number of ' + pid);
            for (const other of boxes) {
              const apart = other.box.top >= box.bottom || other.box.bottom <= box.top ||
                other.box.left >= box.right || other.box.right <= box.left;
              if (other.pid !== pid && !apart) faults.push(pid + ' and ' + other.pid);
            }
          }
          return faults;
        })()`);
          assert.deepEqual(faults, [], `${hash} at ${width}`);
        }
      }
    },
  ],

  [
    'everything that can be pressed has a name, ids are unique, headings begin with one',
    async (reader) => {
      for (const hash of ['#story/basics/7', '#play/linux-2.4/1/2.fork']) {
        await reader.open(hash);
        const nameless = await reader.page.evaluate(`[...document.querySelectorAll(
        'button, a, select, input, [role=button], [role=img]')].filter((element) => {
          const label = element.getAttribute('aria-label') ?? element.closest('label')?.textContent;
          return (label ?? element.textContent ?? '').trim() === '';
        }).map((element) => element.outerHTML)`);
        assert.deepEqual(nameless, []);
        const ids = await reader.page.evaluate(
          `[...document.querySelectorAll('[id]')].map(({ id }) => id)`,
        );
        assert.equal(new Set(ids).size, ids.length);
        assert.equal(await reader.page.locator('h1').count(), 1);
        assert.equal(await reader.page.locator('html[lang]').count(), 1);
      }
    },
  ],

  [
    'text can be read, in the light and in the dark',
    async (reader) => {
      for (const colorScheme of ['light', 'dark']) {
        await reader.open('#story/basics/13', { colorScheme });
        const pairs = [
          ...[
            'ink',
            'soft',
            'accent',
            'running',
            'sleeping',
            'stopped',
            'held',
            'zombie',
            'failed',
          ].flatMap((name) => [
            [name, 'paper'],
            [name, 'sheet'],
          ]),
          ...[
            ['zombie', 'zombie-wash'],
            ['accent-ink', 'accent'],
            ['paper', 'ink'],
            ['sheet', 'running'],
          ],
        ];
        for (const [front, back] of pairs) {
          const colors = await reader.page.evaluate(`['${front}', '${back}'].map((name) =>
          getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim())`);
          const ratio = contrast(...colors);
          assert.ok(ratio >= 4.5, `${front} on ${back}, ${colorScheme}: ${ratio.toFixed(2)}`);
        }
        await reader.picture(`basics-${colorScheme}`);
      }
    },
  ],

  [
    'it is one file',
    async (reader) => {
      await reader.open();
      const others = await reader.page.evaluate(
        `performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => !name.startsWith('data:'))`,
      );
      assert.deepEqual(others, []);
    },
  ],
];

/** As WCAG has it. */
function contrast(one, other) {
  const luminance = (color) => {
    const hex = color.length === 4 ? color.replace(/[^#]/g, '$&$&') : color;
    const [r, g, b] = [1, 3, 5]
      .map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
