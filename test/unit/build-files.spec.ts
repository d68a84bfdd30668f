// The addon has two build files: binding.gyp makes what is published, CMakeLists.txt what is
// debugged. What is debugged must be what is published.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface GypTarget {
  readonly sources: readonly string[];
  readonly defines: readonly string[];
  readonly cflags_cc: readonly string[];
  readonly ldflags: readonly string[];
}

function gypTarget(): GypTarget {
  // A .gyp file is JSON with comments and trailing commas.
  const json = read('binding.gyp')
    .replace(/^\s*#.*$/gm, '')
    .replace(/,(\s*[\]}])/g, '$1');
  const { targets } = JSON.parse(json) as {
    targets: readonly (GypTarget & { target_name: string })[];
  };
  const target = targets.find(({ target_name }) => target_name === 'autoreap');
  if (target === undefined) throw new Error('binding.gyp has no target "autoreap"');
  return target;
}

/** The words of one CMake command about the addon, keywords left out. */
function cmakeWords(command: string): string[] {
  const pattern = new RegExp(`^${command}\\(\\s*autoreap\\s+(?:MODULE|PRIVATE)\\s+([^)]*)\\)`, 'm');
  const found = pattern.exec(read('native/CMakeLists.txt'));
  return (found?.[1] ?? '').split(/\s+/).filter((word) => word !== '');
}

describe('native/CMakeLists.txt and binding.gyp', () => {
  it('compile the same sources', () => {
    const cmake = cmakeWords('add_library').map((file) => `native/${file}`);

    expect(cmake).toEqual([...gypTarget().sources]);
  });

  it('leave out no source of native/', () => {
    const present = readdirSync(path.join(root, 'native'))
      .filter((file) => file.endsWith('.cc'))
      .map((file) => `native/${file}`);

    expect(present.sort()).toEqual([...gypTarget().sources].sort());
  });

  it('define the same macros', () => {
    const cmake = cmakeWords('target_compile_definitions');

    // node-gyp defines the module's name by itself.
    expect(cmake.filter((word) => word !== 'NODE_GYP_MODULE_NAME=autoreap')).toEqual([
      ...gypTarget().defines,
    ]);
  });

  it('compile with the same flags', () => {
    const cmake = cmakeWords('target_compile_options');

    // node-gyp turns exceptions off by itself.
    expect(cmake.filter((word) => word !== '-fno-exceptions')).toEqual([...gypTarget().cflags_cc]);
  });

  it('link with the same flags', () => {
    expect(cmakeWords('target_link_options')).toEqual([...gypTarget().ldflags]);
  });
});
