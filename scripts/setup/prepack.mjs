// Before `npm pack`: says what the tarball will lack. Nothing is compiled where it is installed.

import fs from 'node:fs';
import { at } from './files.mjs';

const missing = ['linux-x64', 'linux-arm64'].filter(
  (name) => !fs.existsSync(at('prebuilds', name)),
);
for (const name of missing) {
  const arch = name.slice('linux-'.length);
  console.error(
    `This package will have no addon for ${name}, and be Node's own child_process there: ` +
      `npm run build:prebuilds -- --arch ${arch}`,
  );
}
