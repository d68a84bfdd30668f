// Where JavaScript is interrupted: a Worker that is terminated runs no `finally`.
import { resolve } from 'node:path';
import { spawn } from '../../lib/index';
import { outputOf, tell } from '../support/programs';

describe('a Worker that is terminated', () => {
  it.each(['load', 'spawn', 'watch', 'open'])(
    'in the middle of a %s leaves nothing open',
    async (how) => {
      const { gained } = await tell<{ gained: number }>('teardown', [how]);

      expect(gained).toBeLessThanOrEqual(0);
    },
  );
});

describe('a hook of async_hooks', () => {
  it('can spawn while the first child of a process is being born', async () => {
    const library = JSON.stringify(resolve(__dirname, '../../lib/index.js'));
    const source = `
      const { spawn } = require(${library});
      let inner, seen;
      require('node:async_hooks').createHook({
        init(id, type) { if (type === 'autoreap' && !seen) { seen = true; inner = spawn('sh', ['-c', 'exit 3']); } },
      }).enable();
      const outer = spawn('sh', ['-c', 'exit 4']);
      Promise.all([outer.exited, inner.exited]).then((ends) => console.log(ends.map((end) => end.exitCode).join()));`;

    const { stdout } = await outputOf(spawn(process.execPath, ['-e', source]));

    expect(stdout).toBe('4,3\n');
  });
});

describe('a nice value that only this thread has', () => {
  it('is the one of an autokill child too, which another thread creates', async () => {
    const library = JSON.stringify(resolve(__dirname, '../../lib/index.js'));
    const source = `
      const { run } = require(${library});
      const { getPriority, setPriority } = require('node:os');
      // Field 19 of proc_pid_stat(5).
      const stat = () => run('cat', ['/proc/self/stat'], { autokill: true });
      const nice = async () => (await stat()).stdout.split(' ')[18];
      nice().then(async (before) => {
        const nicer = Math.min(getPriority() + 7, 19);
        const isOurs = Number(before) === getPriority();
        setPriority(0, nicer);
        console.log(isOurs, Number(await nice()) === nicer);
      });`;

    const output = await outputOf(spawn(process.execPath, ['-e', source]));

    expect(output).toMatchObject({ stdout: 'true true\n', stderr: '' });
  });
});
