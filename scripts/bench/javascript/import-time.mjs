// node import-time.mjs API LIBRARIES: prints how many milliseconds the first import takes.

import { openApi } from './apis.mjs';

const [, , name, libraries] = process.argv;
const startMs = performance.now();
await openApi(name, libraries);
console.log(performance.now() - startMs);
