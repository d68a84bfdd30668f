// The guided stories.

import assert from 'node:assert/strict';
import { treeOf } from './reader.mjs';

/** `told`: the module of the page that plays them, run here. */
export const STORIES = (told) => [
  [
    'there are five histories, and one to begin with',
    () => {
      assert.equal(told.STORIES.length, 6);
    },
  ],

  ...told.STORIES.map((story) => [
    `${story.id}: every step, to the end and back, shows the tree of the model`,
    async (reader) => {
      const frames = told.framesOf(story);
      await reader.open();
      await reader.page.locator(`[data-story="${story.id}"]`).click();
      const check = async (step) => {
        assert.equal(await reader.hash(), `#story/${story.id}/${step}`);
        assert.deepEqual(await reader.tree(), treeOf(frames[step]), `step ${step}`);
        const lines = await reader.page.locator('.log li').count();
        assert.equal(lines, frames[step].calls.length, `calls of step ${step}`);
      };
      await check(0);
      for (let step = 1; step < frames.length; step++) {
        await reader.page.getByRole('button', { name: 'One step forward' }).click();
        await check(step);
      }
      for (let step = frames.length - 2; step >= 0; step--) {
        await reader.page.getByRole('button', { name: 'One step back' }).click();
        await check(step);
      }
      await reader.open(`#story/${story.id}/${frames.length - 1}`);
      await reader.picture(`story-${story.id}`, { fullPage: true });
    },
  ]),

  [
    'every call of every story has a sentence that explains it',
    () => {
      const silent = [];
      for (const story of told.STORIES) {
        for (const { calls } of told.framesOf(story)) {
          for (const call of calls) if (told.explain(call) === undefined) silent.push(call);
        }
      }
      // What a process has caught is a sentence already.
      assert.deepEqual(
        silent.filter((call) => !call.includes('has caught')),
        [],
      );
    },
  ],

  [
    'the end of a story leads to the next one',
    async (reader) => {
      await reader.open('#story/basics/999');
      await reader.page.getByRole('button', { name: 'The next story' }).click();
      assert.equal(await reader.hash(), `#story/${told.STORIES[1].id}/0`);
    },
  ],

  [
    'a scene can be chosen by its title',
    async (reader) => {
      await reader.open('#story/basics/0');
      await reader.page.getByLabel('Scene').selectOption({ index: 2 });
      assert.match(await reader.text('#say'), /subreaper keeps its orphans/);
    },
  ],

  [
    'a zombie looks and reads like one, and its parent is told',
    async (reader) => {
      await reader.open('#story/basics/3');
      assert.match(await reader.box(3), /zombie: exit status 3/);
      assert.match(await reader.box(2), /SIGCHLD/);
    },
  ],

  [
    'what the kernel has reaped is shown as gone, and its pidfd still tells',
    async (reader) => {
      const frames = told.framesOf(told.STORIES[0]);
      await reader.open(`#story/basics/${frames.length - 2}`);
      assert.match(await reader.box(3), /reaped by the kernel/);
      assert.match(await reader.box(3), /exit_group\(\)/);
      assert.match(await reader.box(2), /pidfd 3: hung up, exit 3/);
    },
  ],
];
