// The harness of this folder: it must replace what it says, and leave nothing replaced.
import * as node from 'node:child_process';
import { describeThreeWays, expectAsNode, type Subject } from '../support/three-ways';

interface Replaceable {
  readonly prototype: unknown;
  readonly binding: unknown;
}

/** What `register` replaces: by these two, all children of this thread are made. */
const replaceable = (): Replaceable => ({
  prototype: (node.ChildProcess.prototype as unknown as { spawn: unknown }).spawn,
  binding: (process as unknown as { binding(name: string): { spawn: unknown } }).binding(
    'spawn_sync',
  ).spawn,
});

const before = replaceable();
const wished = process.env.AUTOREAP;

describeThreeWays('the harness', (subject) => {
  it('replaces what is under Node under register, and only there', () => {
    const { prototype, binding } = replaceable();
    const replaced = [prototype !== before.prototype, binding !== before.binding];

    const registered = subject().name.endsWith('register');
    expect(replaced).toEqual([registered, registered]);
  });

  it('runs a program on the stock module at any time, and goes on with its own', async () => {
    const reaperOf = async ({ spawn }: Subject['cp']): Promise<unknown> => {
      const child = spawn('true', { stdio: 'ignore' });
      await new Promise((resolve) => child.once('close', resolve));
      return (child as { reapedBy?: string }).reapedBy;
    };

    expect(await subject().stock(reaperOf)).toBeUndefined();
    expect(await reaperOf(subject().cp)).toBe(subject().reapedBy);
  });

  it('sees where a subject is not as Node.js', async () => {
    let run = 0;

    await expect(expectAsNode(subject(), () => ++run)).rejects.toThrow('toEqual');
  });
});

describe('after the harness', () => {
  it('all is as it was', () => {
    expect(replaceable()).toEqual(before);
    expect(process.env.AUTOREAP).toBe(wished);
  });
});
