// child_process.spawn, option env.
import type { SpawnOptions } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { publicCopy, scratch } from '../support/programs';
import { describeThreeWays, expectAsNode, type ChildProcessApi } from '../support/three-ways';
import { worldOf } from '../support/world';

const folder = scratch();
const world = publicCopy('world', folder.file('world'));

const envOf = async (cp: ChildProcessApi, env: unknown): Promise<readonly string[]> => {
  const options = { env } as SpawnOptions;
  return (await worldOf(options, { file: world }, cp.spawn)).env;
};

describeThreeWays('option env of child_process.spawn', (subject) => {
  const env = (value: unknown): Promise<readonly string[]> => envOf(subject().cp, value);

  it('is all that the child knows', async () => {
    expect(await env({ A: '1' })).toEqual(['A=1']);
    expect(await env({})).toEqual([]);
  });

  it('is in the order in which it was written', async () => {
    expect(await env({ Z: '1', a: '2', A: '3', M: '4' })).toEqual(['Z=1', 'a=2', 'A=3', 'M=4']);
  });

  it('loses what is undefined and keeps what is empty', async () => {
    expect(await env({ A: undefined, B: '', C: 'c' })).toEqual(['B=', 'C=c']);
  });

  it('turns values into strings', async () => {
    const values = { NUMBER: 1, NULL: null, TRUE: true, OBJECT: {}, ARRAY: [1, 2] };

    expect(await env(values)).toEqual([
      'NUMBER=1',
      'NULL=null',
      'TRUE=true',
      'OBJECT=[object Object]',
      'ARRAY=1,2',
    ]);
  });

  it('has what an object inherits, and getters', async () => {
    const inherited = Object.create({ INHERITED: 'yes' }) as Record<string, string>;
    inherited.OWN = 'yes';
    Object.defineProperty(inherited, 'GETTER', { enumerable: true, get: () => 'yes' });
    Object.defineProperty(inherited, 'HIDDEN', { enumerable: false, value: 'yes' });

    expect(await env(inherited)).toEqual(['OWN=yes', 'GETTER=yes', 'INHERITED=yes']);
  });

  it('carries every letter, and what looks like an assignment', async () => {
    const values = { A: 'ä€😀', 'n=v': 'w', B: 'a=b', C: 'two\nlines' };

    expect(await env(values)).toEqual(['A=ä€😀', 'n=v=w', 'B=a=b', 'C=two\nlines']);
  });

  it('is null or undefined for our own environment, as it is then', async () => {
    for (const value of [null, undefined]) {
      const names = (await env(value)).map((pair) => pair.slice(0, pair.indexOf('=')));
      expect(names).toContain('PATH');
    }
    expect(await expectAsNode(subject(), (cp) => envOf(cp, undefined))).toContain(
      `PATH=${String(process.env.PATH)}`,
    );
  });

  it('says by its PATH where a command is found', async () => {
    mkdirSync(folder.file('bin'), { recursive: true });
    publicCopy('world', folder.file('bin/only-here'));
    const child = await worldOf(
      { env: { PATH: `/nowhere:${folder.file('bin')}` } },
      { file: 'only-here' },
      subject().cp.spawn,
    );

    expect(child.exe).toBe(folder.file('bin/only-here'));
    expect(child.argv).toEqual(['only-here']);
  });

  it('can be large', async () => {
    const values = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`NAME_${String(i)}`, 'x'.repeat(500)]),
    );

    expect((await env(values)).length).toBe(1000);
  });
});
