// What Node.js does not refuse and does not document: it takes something for it, and so do we.
import type { ChildProcess } from 'node:child_process';
import { lifeOf, thrownBy } from '../support/lives';
import { describeThreeWays, expectAsNode } from '../support/three-ways';

type ByHand = ChildProcess & { spawn(options?: unknown): number };

describeThreeWays('odd values', (subject) => {
  it('takes an empty cwd for none', async () => {
    const life = await expectAsNode(subject(), (cp) => lifeOf(cp.spawn('pwd', { cwd: '' })));

    expect(life.output[1]).toBe(`${process.cwd()}\n`);
  });

  it('takes null and undefined for arguments by their names', async () => {
    const args = [null, undefined, , 1] as unknown as string[]; // eslint-disable-line no-sparse-arrays
    const life = await expectAsNode(subject(), (cp) => lifeOf(cp.spawn('echo', args)));

    expect(life.output[1]).toBe('null undefined undefined 1\n');
  });

  it('ends an argument that only turns out to have a NUL there, and never makes two of it', async () => {
    const args = ['[%s]', { toString: () => 'a\0b' }, 'c'] as unknown as string[];
    const life = await expectAsNode(subject(), (cp) => lifeOf(cp.spawn('printf', args)));

    expect(life.output[1]).toBe('[a][c]');
  });

  it('makes the same of them in spawnSync', async () => {
    const args = ['[%s]', null, undefined, { toString: () => 'a\0b' }] as unknown as string[];
    const out = await expectAsNode(
      subject(),
      (cp) => cp.spawnSync('printf', args, { encoding: 'utf8' }).stdout,
    );

    expect(out).toBe('[null][undefined][a]');
  });

  it('refuses no options by hand as Node.js does', async () => {
    const seen = await expectAsNode(subject(), (cp) =>
      [undefined, null].map((options) =>
        thrownBy(() => new (cp.ChildProcess as unknown as new () => ByHand)().spawn(options)),
      ),
    );

    const refused = {
      thrown: expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as unknown,
    };
    expect(seen).toEqual([refused, refused]);
  });

  it.each([{ cwd: '' }, { cwd: 1 }, { cwd: {} }, { envPairs: null }, { envPairs: 'A=b' }])(
    'takes %j by hand for nothing',
    async (odd) => {
      const life = await expectAsNode(subject(), (cp) => {
        const child = new (cp.ChildProcess as unknown as new () => ByHand)();
        const stdio = ['ignore', 'pipe', 'inherit'];
        child.spawn({ file: 'sh', args: ['sh', '-c', 'echo $A; pwd'], stdio, ...odd });
        return lifeOf(child);
      });

      expect(life.output[1]).toBe(`\n${process.cwd()}\n`);
    },
  );
});
