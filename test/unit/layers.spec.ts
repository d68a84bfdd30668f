// Data flows one way: facade → policy → backend → {native, model}, with lib/node as the hinge to
// Node.js beside the facade. This reads what lib/ imports and fails on an arrow that points up.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const lib = path.resolve(__dirname, '../../../lib');

// What each layer may import, besides itself. '.' is a file directly in lib/: the entry points.
// GROUND and syscalls.ts are at the bottom and at the top, by name.
const GROUND = ['errors.ts', 'time.ts'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  '.': ['facade', 'policy', 'backend', 'node', 'model', 'ground', '.'],
  cli: ['.', 'facade', 'policy', 'backend', 'node', 'model', 'ground'],
  facade: ['policy', 'backend', 'node', 'ground'],
  node: ['policy', 'backend', 'ground'],
  policy: ['backend', 'ground'],
  backend: ['model', 'ground'],
  model: ['ground'],
  ground: [],
};

interface Import {
  /** Relative to lib/. */
  readonly from: string;
  /** Relative to lib/ if it is ours, or else the name of a package. */
  readonly to: string;
  readonly own: boolean;
  /** `import type`: gone once compiled. */
  readonly typeOnly: boolean;
}

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .sort();

/** The file of lib/ that an import means. */
function resolve(from: string, specifier: string): string {
  const stem = path.join(path.dirname(from), specifier).replace(/\.js$/, '');
  return files.find((file) => [`${stem}.ts`, path.join(stem, 'index.ts')].includes(file)) ?? stem;
}

/** The code of a file: what a comment says does not count. */
function codeOf(file: string): string {
  const text = readFileSync(path.join(lib, file), 'utf8');
  return text.replace(/\/\*[^]*?\*\/|(^|\s)\/\/ .*$/gm, '');
}

// Prettier has seen to the quotes. `import x from 'y'`, `import 'y'`, `import('y')`, `require('y')`.
const IMPORT =
  /\b(?:import|export)\b( type\b)?[^'";]*?\bfrom '([^']+)'|\bimport '([^']+)'|\b(?:import|require)\('([^']+)'\)/g;

function importsOf(file: string): Import[] {
  return [...codeOf(file).matchAll(IMPORT)].map(([, type, from, bare, called]) => {
    const specifier = from ?? bare ?? called ?? '';
    const own = specifier.startsWith('.');
    const to = own ? resolve(file, specifier) : specifier;
    return { from: file, to, own, typeOnly: type !== undefined };
  });
}

const imports = files.flatMap(importsOf);

function layerOf(file: string): string {
  const [first = '', ...rest] = file.split(path.sep);
  if (GROUND.includes(first)) return 'ground';
  return rest.length === 0 ? '.' : first;
}

const arrow = ({ from, to }: Import): string => `${from} → ${to}`;

describe('lib/', () => {
  it('has no folder without a layer', () => {
    expect(files.map(layerOf).filter((layer) => !(layer in MAY_IMPORT))).toEqual([]);
  });

  it('has no arrow that points up', () => {
    const upward = imports.filter(({ from, to, own }) => {
      if (!own || layerOf(from) === layerOf(to)) return false;
      return MAY_IMPORT[layerOf(from)]?.includes(layerOf(to)) !== true;
    });

    expect(upward.map(arrow)).toEqual([]);
  });

  it('is entered from above only: no layer imports an entry point', () => {
    const entered = imports.filter(
      ({ from, to, own }) => own && !['.', 'cli'].includes(layerOf(from)) && layerOf(to) === '.',
    );

    expect(entered.map(arrow)).toEqual([]);
  });

  it('has no circle of modules that load each other', () => {
    const targets = new Map(
      files.map((file) => {
        const loaded = importsOf(file).filter(({ own, typeOnly }) => own && !typeOnly);
        return [file, loaded] as const;
      }),
    );
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, trail: readonly string[]): void => {
      const start = trail.indexOf(file);
      if (start !== -1) circles.push([...trail.slice(start), file].join(' → '));
      if (start !== -1 || done.has(file)) return;
      for (const { to } of targets.get(file) ?? []) visit(to, [...trail, file]);
      done.add(file);
    };

    for (const file of files) visit(file, []);

    expect(circles).toEqual([]);
  });

  it('loads the addon in backend/native.ts alone', () => {
    const loaders = files.filter((file) => /'node-gyp-build'|\.node['"`]/.test(codeOf(file)));

    expect(loaders).toEqual(['backend/native.ts']);
  });

  it("knows Node's internals in node/ alone", () => {
    const knowing = files.filter(
      (file) => layerOf(file) !== 'node' && NODE_INTERNALS.test(codeOf(file)),
    );

    expect(knowing).toEqual([]);
  });
});

const NODE_INTERNALS = /\b_handle\b|\b_channel\b|\bprocess\.(_linkedB|b)inding\b/;
