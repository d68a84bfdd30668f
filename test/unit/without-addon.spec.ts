import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { scratch } from '../support/programs';

const root = path.resolve(__dirname, '../../..');
const folder = scratch();

it("a package without the addon is Node's own, and says how it gets one", () => {
  const installed = folder.file('autoreap');
  for (const name of ['package.json', 'dist/lib']) {
    cpSync(path.join(root, name), path.join(installed, name), { recursive: true });
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(installed, 'node_modules'));

  const told = spawnSync(
    process.execPath,
    ['-p', 'JSON.stringify(require("autoreap").support())'],
    { cwd: installed, encoding: 'utf8' },
  );

  expect(told.stderr).toBe('');
  expect(JSON.parse(told.stdout)).toMatchObject({
    reapedBy: 'libuv',
    addon: {
      loaded: false,
      error: expect.stringMatching(
        /No native build.*npm install.*npm run build:prebuilds/s,
      ) as string,
    },
  });
});
