// Free play: the reader makes the calls.

import assert from 'node:assert/strict';

const begin = (reader, abi = 'linux-7.1') => reader.open(`#play/${abi}/0`);

export const FREE_PLAY = [
  [
    'fork, exit, a zombie, wait4, gone',
    async (reader) => {
      await begin(reader);
      assert.deepEqual(await reader.tree(), { 1: 'R of 0', 2: 'R of 1' });
      await reader.call('fork');
      assert.deepEqual(await reader.tree(), { 1: 'R of 0', 2: 'R of 1', 3: 'R of 2' });
      await reader.choose(3);
      await reader.page.locator('[data-key="code"]').fill('7');
      await reader.page.locator('[data-key="code"]').press('Tab');
      await reader.call('exit');
      assert.equal((await reader.tree())[3], 'Z of 2');
      assert.match(await reader.box(3), /zombie: exit status 7/);
      await reader.picture('free-play-zombie', { fullPage: true });
      await reader.choose(2);
      await reader.call('wait4-0');
      assert.equal((await reader.tree())[3], 'gone');
      assert.match(await reader.text('#calls'), /= 3, exited with 7/);
      await reader.call('wait4-0');
      assert.deepEqual(await reader.tree(), { 1: 'R of 0', 2: 'R of 1' });
      assert.match(await reader.text('#calls'), /ECHILD\nIt has no child/);
    },
  ],

  [
    'an autoreap child is never a zombie, and the pidfd tells its end',
    async (reader) => {
      await begin(reader);
      await reader.call('clone3');
      assert.match(await reader.box(3), /autoreap/);
      assert.match(await reader.box(2), /pidfd 3 → pid 3: alive/);
      await reader.choose(3);
      await reader.call('exit');
      assert.equal((await reader.tree())[3], 'gone');
      assert.match(await reader.text('#say'), /there is no zombie/);
      await reader.choose(2);
      await reader.call('info-3');
      assert.match(await reader.text('#calls'), /exit_code: 0x0/);
      assert.doesNotMatch(await reader.text('#ps'), /defunct/);
    },
  ],

  [
    'an orphan goes to the subreaper, and without one to init',
    async (reader) => {
      const moves = '2.fork/3.fork/3.exit.0';
      await reader.open(`#play/linux-7.1/9/${moves}`);
      assert.equal((await reader.tree())[4], 'R of 1');
      await reader.open(`#play/linux-7.1/9/2.subreaper.1/${moves}`);
      assert.equal((await reader.tree())[4], 'R of 2');
      assert.match(await reader.box(4), /orphan/);
      assert.match(await reader.text('#say'), /Its new parent is 2/);
      await reader.picture('free-play-orphan');
    },
  ],

  [
    'who sleeps in wait4 is woken by the end of its child',
    async (reader) => {
      await begin(reader);
      await reader.call('fork');
      await reader.call('wait4-0');
      assert.match(await reader.box(2), /waits in wait4/);
      await reader.choose(3);
      await reader.call('exit');
      assert.equal((await reader.tree())[3], 'gone');
      assert.match(await reader.text('#calls'), /shell\(2\) … wait4\(-1, 0\) = 3, exited with 0/);
    },
  ],

  [
    'a button that cannot be used says why, and does nothing',
    async (reader) => {
      await reader.open('#play/linux-7.1/2/2.fork/2.wait4.0');
      const fork = reader.page.locator('#panel [data-key="fork"]');
      assert.equal(await fork.getAttribute('aria-disabled'), 'true');
      assert.match(await fork.getAttribute('title'), /sleeps in wait4/);
      const before = await reader.hash();
      await fork.click({ force: true });
      assert.equal(await reader.hash(), before);
      assert.match(await reader.text('#status'), /sleeps in wait4/);
      await reader.choose(1);
      const exit = reader.page.locator('#panel [data-key="exit"]');
      assert.match(await exit.getAttribute('title'), /kernel panics/);
    },
  ],

  [
    'another kernel plays the same moves by its own rules',
    async (reader) => {
      await reader.open('#play/linux-7.1/1/2.clone3.3.0');
      assert.match(await reader.text('#calls'), /= 3, pidfd 3/);
      await reader.page.getByLabel('Kernel', { exact: true }).selectOption('linux-6.18');
      assert.match(await reader.text('#calls'), /EINVAL\nThis kernel refuses it/);
      assert.equal(await reader.hash(), '#play/linux-6.18/1/2.clone3.3.0');
    },
  ],

  [
    'every button of every kernel can be pressed',
    async (reader) => {
      for (const abi of ['linux-7.1', 'autoreap-v2', 'linux-6.18', 'clone4-2015', 'linux-2.4']) {
        await reader.open(`#play/${abi}/1/2.fork`);
        const count = await reader.page.locator('#panel .call').count();
        assert.ok(count > 20, `${count} buttons`);
        for (let i = 0; i < count; i++) {
          const button = reader.page.locator('#panel .call').nth(i);
          const refused = (await button.getAttribute('aria-disabled')) === 'true';
          await button.click({ force: true });
          assert.match(await reader.hash(), refused ? /\/1\/2\.fork/ : /\/2\/2\.fork\/2\./);
          if (!refused) await reader.press('ArrowLeft');
        }
      }
    },
  ],

  [
    'a step back and another call: what came after it is forgotten',
    async (reader) => {
      await reader.open('#play/linux-7.1/2/2.fork/3.exit.0');
      await reader.press('ArrowLeft');
      assert.equal((await reader.tree())[3], 'R of 2');
      await reader.choose(3);
      await reader.call('fork');
      assert.equal(await reader.hash(), '#play/linux-7.1/2/2.fork/3.fork');
    },
  ],

  [
    'what a link says and nobody can do is left out',
    async (reader) => {
      await reader.open('#play/linux-7.1/9/2.fork/77.fork/2.fork');
      assert.deepEqual(await reader.tree(), { 1: 'R of 0', 2: 'R of 1', 3: 'R of 2' });
      await reader.open('#play/linux-7.1/9/1.exit.0/2.nonsense');
      assert.deepEqual(await reader.tree(), { 1: 'R of 0', 2: 'R of 1' });
    },
  ],
];
