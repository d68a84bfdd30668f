// The worked example of docs/testing-with-the-model.md, as it stands there.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { installedApp } from '../support/apps';

const page = readFileSync(
  path.resolve(__dirname, '../../../docs/testing-with-the-model.md'),
  'utf8',
);

const files = new Map(
  [...page.matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```$/gm)].map(([, name, code]) => [name!, code!]),
);

describe('docs/testing-with-the-model.md', () => {
  const app = installedApp();

  it('has a worked example whose tests pass', async () => {
    expect([...files.keys()]).toEqual(['keep-running.mjs', 'keep-running.test.mjs']);
    app.write('keep-running.mjs', files.get('keep-running.mjs')!);

    const { stdout, exitCode } = await app.run(
      'keep-running.test.mjs',
      files.get('keep-running.test.mjs')!,
      { node: ['--test-reporter=tap'] },
    );

    expect(stdout).toMatch(/^# pass 5$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
    expect(exitCode).toBe(0);
  });

  it('begins with an example that is true', async () => {
    const [, first] = /^```js\n(import [^]*?)^```$/m.exec(page)!;
    const source = `${first!}\nconsole.log(JSON.stringify({ stdout, exitCode }));`;

    expect(await app.tell('first.mjs', source)).toEqual({ stdout: 'hello', exitCode: 3 });
  });
});
