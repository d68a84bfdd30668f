// What README.md, the page about the model and the comments show compiles as it stands there, in a user's strict TypeScript.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from '../../lib/index';
import { installedApp } from '../support/apps';
import { outputOf } from '../support/programs';

const root = path.resolve(__dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const blocks = (text: string): string[] =>
  [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code!);

const examples = (text: string): string[] =>
  [...text.matchAll(/^ \* @example\n((?: \*(?! @).*\n)*?) \*\//gm)].map(([, code]) =>
    code!.replace(/^ \* ?/gm, ''),
  );

describe('an example', () => {
  const app = installedApp();

  it('compiles', async () => {
    const pages = ['README.md', 'docs/testing-with-the-model.md'].map(read);
    const codes = [...pages.flatMap(blocks), ...examples(read('lib/model/kernel.ts'))];
    const files = codes.map((code, n) => app.write(`example-${n}.mts`, code));

    const { stdout, exitCode } = await outputOf(
      spawn(
        process.execPath,
        [
          path.join(root, 'node_modules/typescript/bin/tsc'),
          ...[
            '--noEmit',
            '--ignoreConfig',
            '--strict',
            '--exactOptionalPropertyTypes',
            '--noUncheckedIndexedAccess',
          ],
          ...['--module', 'node16', '--target', 'es2022', '--lib', 'es2023,esnext.disposable'],
          ...['--types', 'node', '--typeRoots', path.join(root, 'node_modules/@types')],
          ...files,
        ],
        { cwd: app.path, stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    );

    expect(files).toHaveLength(4);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 0 });
  });
});
